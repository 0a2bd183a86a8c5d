/** Finds the client behind HTTP proxies: the forwarded header of trusted proxies, read from the right. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { type AddressSet, plainAddress } from '../kit/address-set.ts';
import { unsliced } from '../kit/unsliced.ts';

export interface Client {
  /** Undefined if the connection has already ended. */
  readonly address: string | undefined;
  /** The scheme that the client used. */
  readonly scheme: 'http' | 'https';
}

export interface ForwardedPolicy {
  readonly trusted: AddressSet;
  /** The header that the proxies set. The other one may come from the client, and is ignored. */
  readonly header: 'x-forwarded-for' | 'forwarded';
}

interface Hop {
  readonly address: string | undefined;
  readonly scheme: string | undefined;
}

/**
 * Each proxy appends the address of its peer, so an entry is only as trustworthy as the hop after it. The client is the first
 * untrusted address from the right. An entry that is not an address (`unknown`, `_hidden`) ends the search.
 * @param nearest the peer of the connection.
 */
export function clientBehind(nearest: Client, headers: IncomingHttpHeaders, policy: ForwardedPolicy): Client {
  const hops = policy.header === 'forwarded' ? hopsOfForwarded(headers) : hopsOfXForwarded(headers);
  let client = nearest;
  while (policy.trusted.has(client.address)) {
    const hop = hops.pop();
    if (hop?.address === undefined) break;
    const scheme = hop.scheme?.toLowerCase();
    client = { address: hop.address, scheme: scheme === 'http' || scheme === 'https' ? scheme : client.scheme };
  }
  return client;
}

/** With equal numbers of schemes and addresses, they belong together in order. Otherwise the last scheme applies. */
function hopsOfXForwarded(headers: IncomingHttpHeaders): Hop[] {
  const addresses = listOf(headers['x-forwarded-for']);
  const schemes = listOf(headers['x-forwarded-proto']);
  const scheme = (index: number): string | undefined =>
    schemes.length === addresses.length ? schemes[index] : schemes.at(-1);
  return addresses.map((text, index) => ({ address: addressOf(text), scheme: scheme(index) }));
}

/**
 * RFC 7239, section 4. Split at every comma, quoted or not: addresses contain none, and an unclosed quote from a client must not
 * hide the entries that proxies append.
 */
function hopsOfForwarded(headers: IncomingHttpHeaders): Hop[] {
  return listOf(headers.forwarded).map((element) => {
    const pairs = new Map<string, string>();
    for (const pair of element.split(';')) {
      const [, name, quoted, token] = /^\s*([a-z]+)=(?:"([^"\\]*)"|([^\s"]+))\s*$/i.exec(pair) ?? [];
      if (name !== undefined) pairs.set(name.toLowerCase(), quoted ?? token ?? '');
    }
    return { address: addressOf(pairs.get('for') ?? ''), scheme: pairs.get('proto') };
  });
}

/** Empty elements are ignored (RFC 9110, section 5.6.1.2). */
function listOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return String(value)
    .split(',')
    .filter((element) => element.trim() !== '');
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`. */
function addressOf(text: string): string | undefined {
  const plain = text.trim().replace(/^"(.*)"$/, '$1');
  const [, bracketed, v4] = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/.exec(plain) ?? [];
  const address = bracketed ?? v4 ?? plain;
  if (address.includes('%') || !(bracketed === undefined ? isIPv4(address) || isIPv6(address) : isIPv6(address))) {
    return undefined;
  }
  return plainAddress(unsliced(address));
}
