/** The part of the section `server` that says what the upload port speaks, and whom it believes who the client is. */
import { addressRanges, optionalAddressRanges } from './address-ranges.ts';
import { optionalObject } from './field.ts';
import { oneOf, string } from './scalars.ts';

export const TLS = optionalObject(
  {
    cert_file: string({
      prose: "A PEM file, relative to this one: the gateway's certificate, then those between it and its authority.",
    }),
    key_file: string({ prose: 'A PEM file with the private key that belongs to it.' }),
    client_ca_file: string({
      prose: 'A PEM file with authorities. With it, every client must show a certificate of theirs.',
      optional: true,
    }),
    min_version: oneOf(['1.2', '1.3'], { prose: 'The oldest version of TLS that is spoken.', default: '1.2' }),
  },
  {
    prose:
      'HTTPS instead of HTTP. The files are read again when they change and on SIGHUP; while they cannot be used, what was read before counts on.',
  },
);

export const PROXY_PROTOCOL = optionalObject(
  {
    trusted: addressRanges(
      'Peers that must begin every connection with a header of the PROXY protocol, version 1 or 2. Everybody else is a direct client.',
    ),
  },
  { prose: 'For balancers that forward connections, before TLS and HTTP.' },
);

export const TRUSTED_PROXIES = optionalAddressRanges(
  'Proxies that speak HTTP and are believed who their client is. The first address from the right of the header that is not in these ranges is the client.',
);

export const FORWARDED_HEADER = oneOf(['x-forwarded-for', 'forwarded'], {
  prose:
    'The header that those proxies set: `X-Forwarded-For` with `X-Forwarded-Proto`, or `Forwarded` (RFC 7239). The other one is never looked at, because a client may have sent it.',
  default: 'x-forwarded-for',
});
