/** The section `headers` of a bucket: the object headers that clients may set, and the headers that the gateway sets. */
import { OBJECT_HEADERS as DESCRIBING } from '../domain/object-headers.ts';
import { type Complaint, optionalList, optionalObject, stringMap, type ValueOf } from './field.ts';
import { oneOf } from './scalars.ts';

const CUSTOMER_KEY = 'x-amz-server-side-encryption-customer-algorithm';

/** Headers with effects beyond the object itself. They are rejected unless they are allowed. */
const RESERVED = [
  'x-amz-acl',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-website-redirect-location',
] as const;

export const OBJECT_HEADERS = optionalObject(
  {
    refuse: optionalList(oneOf([...DESCRIBING, CUSTOMER_KEY], { prose: 'A header that is allowed by default.' }), {
      prose: 'Headers that clients may not send: a request with one of them is rejected (403).',
      hint: 'name at least one, such as [x-amz-storage-class]',
    }),
    allow: optionalList(oneOf(RESERVED, { prose: 'A header that is rejected by default.' }), {
      prose:
        'Headers with effects beyond the object itself that clients may send with PutObject, POST forms and CreateMultipartUpload.',
      hint: 'name at least one, such as [x-amz-acl]',
    }),
    set: stringMap({
      prose:
        'Headers that the gateway sets on every object, such as `x-amz-server-side-encryption: aws:kms`. A request with a different value is rejected (403).',
      type: 'map of header name to string',
      spell: (name) => name.toLowerCase(),
      checkKey,
      checkValue: (value) =>
        /^[\x20-\x7e]+$/.test(value)
          ? undefined
          : { wrong: 'contains characters that are not allowed in a header', hint: 'use printable ASCII characters' },
    }),
  },
  { prose: 'The object headers that clients may set, and the headers that the gateway sets.' },
);

export type ObjectHeadersConfig = NonNullable<ValueOf<typeof OBJECT_HEADERS>>;

const SETTABLE: ReadonlySet<string> = new Set([...DESCRIBING, ...RESERVED]);

function checkKey(name: string): Complaint | undefined {
  if (SETTABLE.has(name)) return undefined;
  return { wrong: 'is not a header that can be set on objects', hint: `use one of ${[...SETTABLE].join(', ')}` };
}
