/** The part of the section `server` about TLS, the PROXY protocol and the address of the client. */
import { addressRanges, optionalAddressRanges } from './address-ranges.ts';
import { optionalObject } from './field.ts';
import { oneOf, string } from './scalars.ts';

export const TLS = optionalObject(
  {
    cert_file: string({
      prose:
        "A PEM file with the gateway's certificate, followed by intermediate certificates. The path is relative to this file.",
    }),
    key_file: string({ prose: 'A PEM file with the private key of the certificate.' }),
    client_ca_file: string({
      prose:
        'A PEM file with certificate authorities. If set, every client must present a certificate that one of them issued.',
      optional: true,
    }),
    min_version: oneOf(['1.2', '1.3'], { prose: 'The minimum TLS version.', default: '1.2' }),
  },
  {
    prose:
      'HTTPS instead of HTTP. The files are reloaded when they change and on SIGHUP. While they are invalid, the previous certificate stays in use.',
  },
);

export const PROXY_PROTOCOL = optionalObject(
  {
    trusted: addressRanges(
      'Peers that must start every connection with a PROXY protocol header, version 1 or 2. All other peers are direct clients.',
    ),
  },
  { prose: 'The PROXY protocol, for TCP load balancers. Its header precedes TLS and HTTP.' },
);

export const TRUSTED_PROXIES = optionalAddressRanges(
  'HTTP proxies whose forwarded header is trusted. The client is the rightmost address in the header that is not in these ranges.',
);

export const FORWARDED_HEADER = oneOf(['x-forwarded-for', 'forwarded'], {
  prose:
    'The header that these proxies set: `X-Forwarded-For` with `X-Forwarded-Proto`, or `Forwarded` (RFC 7239). The other one is ignored, because a client may have sent it.',
  default: 'x-forwarded-for',
});
