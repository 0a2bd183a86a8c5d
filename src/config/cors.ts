/** The section `cors` of a bucket: cross-origin requests from browsers. */
import { type Complaint, list, optionalList, optionalObject, type ValueOf } from './field.ts';
import { boolean, integer, oneOf, string } from './scalars.ts';

export const CORS = optionalObject(
  {
    allowed_origins: list(
      string({
        prose: 'An origin (scheme, host, port) with at most one `*`; `*` alone is every origin.',
        check: checkOrigin,
      }),
      { prose: 'The origins that may upload.', hint: 'name at least one, such as [https://app.example.com]' },
    ),
    allowed_methods: optionalList(oneOf(['PUT', 'POST', 'GET', 'HEAD', 'DELETE'], { prose: 'A method.' }), {
      prose: 'The allowed methods. Defaults to all that the gateway supports.',
      hint: 'name at least one, such as [PUT, POST]',
    }),
    allowed_headers: optionalList(
      string({
        prose: 'A header name with at most one `*`.',
        check: (name) => (/^[A-Za-z0-9_-]*\*?[A-Za-z0-9_-]*$/.test(name) ? undefined : 'is not a header name'),
        hint: 'write a name such as content-type, x-amz-* or *',
      }),
      {
        prose: 'The allowed request headers. Defaults to all; `headers` decides which of them reach the store.',
        hint: 'name at least one, such as [content-type, "x-amz-*"]',
      },
    ),
    exposed_headers: optionalList(
      string({
        prose: 'A header name.',
        check: (name) => (/^[A-Za-z0-9_-]+$/.test(name) ? undefined : 'is not a header name'),
        hint: 'write a name such as ETag',
      }),
      {
        prose:
          'The response headers that scripts may read, instead of ETag, the version ID, checksums, request IDs and Server-Timing.',
        hint: 'name at least one, such as [ETag]',
      },
    ),
    max_age_seconds: integer({
      prose: 'How long browsers may cache the response to a preflight request.',
      default: 3600,
      min: 0,
      max: 86_400,
    }),
    allow_credentials: boolean({
      prose: 'Whether requests may include cookies and client certificates. Signatures and tokens do not need it.',
      default: false,
    }),
  },
  {
    prose: 'Cross-origin requests from browsers (Fetch standard, "CORS protocol").',
    rules: [
      {
        of: ['allowed_origins', 'allow_credentials'],
        at: 'allow_credentials',
        broken: ({ allowed_origins, allow_credentials }) =>
          allow_credentials && allowed_origins.includes('*')
            ? { wrong: 'is true while allowed_origins allows every origin', hint: 'list the origins, or remove it' }
            : undefined,
      },
    ],
  },
);

export type CorsConfig = NonNullable<ValueOf<typeof CORS>>;

function checkOrigin(origin: string): Complaint | string | undefined {
  if (origin === '*') return undefined;
  const well = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.*-]+(:[0-9*]+)?$/.test(origin) && origin.split('*').length <= 2;
  return well
    ? undefined
    : { wrong: 'is not an origin', hint: 'write scheme, host and port in lower case, such as https://*.example.com' };
}
