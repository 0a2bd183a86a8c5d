/** The section `headers` of a bucket: which headers of objects its clients may choose, and which it chooses itself. */
import { OBJECT_HEADERS as DESCRIBING } from '../domain/object-headers.ts';
import { type Complaint, optionalList, optionalObject, stringMap, type ValueOf } from './field.ts';
import { oneOf } from './scalars.ts';

const CUSTOMER_KEY = 'x-amz-server-side-encryption-customer-algorithm';

/** Those that reach further than the object's bytes, and are refused unless they are allowed. */
const RESERVED = [
  'x-amz-acl',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-website-redirect-location',
] as const;

export const OBJECT_HEADERS = optionalObject(
  {
    refuse: optionalList(oneOf([...DESCRIBING, CUSTOMER_KEY], { prose: 'A header that would pass otherwise.' }), {
      prose: 'Headers that clients may not use: a request with one of them is refused (403).',
      mend: 'name at least one, such as [x-amz-storage-class]',
    }),
    allow: optionalList(oneOf(RESERVED, { prose: 'A header that would be refused otherwise.' }), {
      prose:
        'Headers that clients may use with PutObject, POST forms and CreateMultipartUpload, though they reach further.',
      mend: 'name at least one, such as [x-amz-acl]',
    }),
    set: stringMap({
      prose:
        'Headers that every object is stored with, such as `x-amz-server-side-encryption: aws:kms`. A client that asks for another value is refused (403).',
      type: 'map of header name to string',
      spell: (name) => name.toLowerCase(),
      checkKey,
      checkValue: (value) =>
        /^[\x20-\x7e]+$/.test(value)
          ? undefined
          : { wrong: 'holds characters that no header may have', mend: 'use printable ASCII characters' },
    }),
  },
  { prose: 'What clients may decide about their objects.' },
);

export type ObjectHeadersConfig = NonNullable<ValueOf<typeof OBJECT_HEADERS>>;

const SETTABLE: ReadonlySet<string> = new Set([...DESCRIBING, ...RESERVED]);

function checkKey(name: string): Complaint | undefined {
  if (SETTABLE.has(name)) return undefined;
  return { wrong: 'is no header that objects can be stored with here', mend: `use one of ${[...SETTABLE].join(', ')}` };
}
