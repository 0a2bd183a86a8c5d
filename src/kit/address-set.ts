/** Sets of IP addresses from CIDR ranges or single addresses, and the normalized form for comparison. */
import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { unsliced } from './unsliced.ts';

export interface AddressRange {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** `10.0.0.0/8`, `2001:db8::/32` or a single address; undefined for everything else. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [, address, digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (address === undefined || !(isIPv4(address) || isIPv6(address))) return undefined;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const all = family === 'ipv4' ? 32 : 128;
  const bits = digits === undefined ? all : Number(digits);
  return bits <= all ? { address, bits, family } : undefined;
}

export interface AddressSet {
  has(address: string | undefined): boolean;
}

/** @param ranges in the syntax of parseAddressRange; invalid ones are ignored. */
export function addressSet(ranges: readonly string[]): AddressSet {
  if (ranges.length === 0) return { has: () => false };
  const list = new BlockList();
  for (const text of ranges) {
    const range = parseAddressRange(text);
    if (range !== undefined) list.addSubnet(range.address, range.bits, range.family);
  }
  return {
    has(address) {
      const plain = plainAddress(address);
      return plain !== undefined && list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
    },
  };
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/** Normalizes an address: `::ffff:…` of a socket becomes IPv4. Undefined for an invalid address. */
export function plainAddress(text: string | undefined): string | undefined {
  if (text === undefined || isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  const zone = text.indexOf('%');
  const { address } = new SocketAddress({ address: zone < 0 ? text : text.slice(0, zone), family: 'ipv6' });
  const mapped = MAPPED.exec(address);
  if (mapped !== null) return unsliced(mapped[1]!);
  return zone < 0 ? address : address + text.slice(zone);
}
