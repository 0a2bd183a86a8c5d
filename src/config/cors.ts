/** The section `cors` of a bucket: which web pages may upload into it by script. */
import { type Complaint, list, optionalList, optionalObject, type ValueOf } from './field.ts';
import { boolean, integer, oneOf, string } from './scalars.ts';

export const CORS = optionalObject(
  {
    allowed_origins: list(
      string({
        prose: 'An origin (scheme, host, port), with at most one `*` in it; `*` alone is every origin.',
        check: checkOrigin,
      }),
      { prose: 'The pages that may upload.', mend: 'name at least one, such as [https://app.example.com]' },
    ),
    allowed_methods: optionalList(oneOf(['PUT', 'POST', 'GET', 'HEAD', 'DELETE'], { prose: 'A method.' }), {
      prose: 'The methods that they may use; all that the gateway offers, unless given.',
      mend: 'name at least one, such as [PUT, POST]',
    }),
    allowed_headers: optionalList(
      string({
        prose: 'The name of a header, with at most one `*` in it.',
        check: (name) => (/^[A-Za-z0-9_-]*\*?[A-Za-z0-9_-]*$/.test(name) ? undefined : 'is not the name of a header'),
        mend: 'write a name such as content-type, x-amz-* or *',
      }),
      {
        prose:
          'The request headers that they may send; all, unless given: what passes on to the store is decided elsewhere.',
        mend: 'name at least one, such as [content-type, "x-amz-*"]',
      },
    ),
    exposed_headers: optionalList(
      string({
        prose: 'The name of a header.',
        check: (name) => (/^[A-Za-z0-9_-]+$/.test(name) ? undefined : 'is not the name of a header'),
        mend: 'write a name such as ETag',
      }),
      {
        prose:
          'The headers of answers that they may read, instead of ETag, the version id, the checksums, the request ids and Server-Timing.',
        mend: 'name at least one, such as [ETag]',
      },
    ),
    max_age_seconds: integer({
      prose: 'How long a browser may remember what it was allowed.',
      default: 3600,
      min: 0,
      max: 86_400,
    }),
    allow_credentials: boolean({
      prose: 'Whether pages may send cookies and client certificates along. Signatures and tokens need no leave.',
      default: false,
    }),
  },
  {
    prose: 'Cross-origin requests of browsers (Fetch standard, "CORS protocol").',
    rules: [
      {
        of: ['allowed_origins', 'allow_credentials'],
        at: 'allow_credentials',
        broken: ({ allowed_origins, allow_credentials }) =>
          allow_credentials && allowed_origins.includes('*')
            ? { wrong: 'is on for every origin there is', mend: 'name the origins, or remove it' }
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
    : { wrong: 'is not an origin', mend: 'write scheme, host and port in lower case, such as https://*.example.com' };
}
