/** Who the client is behind proxies that speak HTTP: what trusted ones say in one header, read from the right. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { type AddressSet, plainAddress } from '../kit/address-set.ts';

export interface Client {
  /** Undefined if the connection has ended already. */
  readonly address: string | undefined;
  /** What the client itself spoke. */
  readonly scheme: 'http' | 'https';
}

export interface ForwardedPolicy {
  readonly trusted: AddressSet;
  /** The one header that the proxies set. Another one may come from the client, and is never looked at. */
  readonly header: 'x-forwarded-for' | 'forwarded';
}

interface Hop {
  readonly address: string | undefined;
  readonly scheme: string | undefined;
}

/**
 * Each proxy appends the address of its own peer, so an entry is as true as the hop after it: the first one from the right
 * that is not trusted is the client. One that is no address (`unknown`, `_hidden`) hides who is behind; the walk ends there.
 * @param nearest who is at the other end of the connection.
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

/** The schemes belong to the addresses one by one where there are as many; else the last one to the last. */
function hopsOfXForwarded(headers: IncomingHttpHeaders): Hop[] {
  const addresses = listOf(headers['x-forwarded-for']);
  const schemes = listOf(headers['x-forwarded-proto']);
  const scheme = (index: number): string | undefined =>
    schemes.length === addresses.length ? schemes[index] : schemes.at(-1);
  return addresses.map((text, index) => ({ address: addressOf(text), scheme: scheme(index) }));
}

/**
 * RFC 7239, section 4. Cut at every comma, quoted or not: no address has one, and a quote that a client leaves open must not
 * swallow what the proxy appended.
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

/** Empty elements mean nothing (RFC 9110, section 5.6.1.2). */
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
  return plainAddress(address);
}
