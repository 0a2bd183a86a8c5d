/** The header of the PROXY protocol, versions 1 and 2 (proxy-protocol.txt of HAProxy, sections 2.1 and 2.2): pure. */
import { isIPv4, isIPv6 } from 'node:net';
import { plainAddress } from '../kit/address-set.ts';

export interface ProxyHeader {
  /** In bytes. HTTP or TLS follows. */
  readonly length: number;
  /** The source address of the proxied connection; undefined for the proxy's own connections, or if it sends none. */
  readonly source: string | undefined;
}

const V1 = Buffer.from('PROXY ');
const V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** "108 bytes … is always enough to store all the line and a trailing zero", 2.1. */
const LONGEST_LINE = 107;
/** The gateway's limit in bytes: addresses have at most 216 bytes, common TLVs a few hundred. */
const LONGEST_BINARY = 4096;
/** The maximum number of bytes of a header. */
export const LONGEST_HEADER = Math.max(LONGEST_LINE, LONGEST_BINARY);

/** @returns `more` while the bytes are an incomplete header, `malformed` as soon as they are invalid. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  if (startsAs(bytes, V1)) return bytes.length < V1.length ? 'more' : parseLine(bytes);
  if (startsAs(bytes, V2)) return bytes.length < 16 ? 'more' : parseBinary(bytes);
  return 'malformed';
}

function startsAs(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, length, 0, length) === 0;
}

function parseLine(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  const end = bytes.subarray(0, LONGEST_LINE).indexOf('\r\n');
  if (end < 0) return bytes.length < LONGEST_LINE ? 'more' : 'malformed';
  const length = end + 2;
  const line = bytes.toString('latin1', 0, end);
  if (/^PROXY UNKNOWN( |$)/.test(line)) return { length, source: undefined };
  const [, family, source = '', target = '', ...ports] =
    /^PROXY TCP([46]) ([^ ]+) ([^ ]+) (\d{1,5}) (\d{1,5})$/.exec(line) ?? [];
  const is = family === '4' ? isIPv4 : isIPv6;
  if (family === undefined || !is(source) || !is(target) || source.includes('%')) return 'malformed';
  if (ports.some((port) => Number(port) > 65535)) return 'malformed';
  return { length, source: plainAddress(source) };
}

/** Bytes of an address by the family in the high half of byte 14: AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX. */
const ADDRESS_BYTES = [0, 4, 16, 108];

function parseBinary(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  const [version, command] = halves(bytes[12]!);
  const [family, transport] = halves(bytes[13]!);
  const rest = bytes.readUInt16BE(14);
  const length = 16 + rest;
  if (version !== 2 || command > 1 || length > LONGEST_BINARY) return 'malformed';
  const local = command === 0;
  if (!local && (family > 3 || transport > 2)) return 'malformed';
  const size = ADDRESS_BYTES[family] ?? 0;
  const ports = family === 1 || family === 2 ? 4 : 0;
  if (!local && rest < size * 2 + ports) return 'malformed';
  if (bytes.length < length) return 'more';
  // Only a stream over IP is a TCP connection; "the receiver … must use the real connection endpoints" for LOCAL and UNSPEC.
  if (local || transport !== 1 || ports === 0) return { length, source: undefined };
  return { length, source: plainAddress(family === 1 ? textOf4(bytes) : textOf6(bytes)) };
}

const halves = (byte: number): [number, number] => [byte >> 4, byte & 15];
const textOf4 = (bytes: Buffer): string => bytes.subarray(16, 20).join('.');
const textOf6 = (bytes: Buffer): string => bytes.toString('hex', 16, 32).match(/.{4}/g)!.join(':');
