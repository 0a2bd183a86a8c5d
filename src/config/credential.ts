/** One access key for clients, and the file format of `sigv4.credentials_file`. */
import { list, object, type ValueOf } from './field.ts';
import { secret, string } from './scalars.ts';

/** An access key that is valid in `Credential=`, where "/" and "," are separators. */
export const checkAccessKey = (key: string): string | undefined =>
  /^[\x21-\x7e]{1,128}$/.test(key) && !/[/,]/.test(key) ? undefined : 'is not an access key';

export const CREDENTIAL = object(
  {
    // A secret field, because users put secrets here by mistake.
    access_key: secret({
      prose: 'The access key: a name, not a secret.',
      check: checkAccessKey,
      hint: 'use 1 to 128 visible ASCII characters without "/" and ","',
    }),
    secret_key: secret({
      prose: 'The secret key of this access key.',
      check: (key) => (key.length >= 16 ? undefined : 'is shorter than 16 characters'),
      hint: 'generate one: openssl rand -base64 30',
    }),
    subject: string({
      prose: 'The subject that signs with this key, as policy engines see it.',
      derived: { of: ['access_key'], from: ({ access_key }) => String(access_key), text: 'the access key' },
      check: (subject) => (subject.length <= 256 ? undefined : 'is longer than 256 characters'),
    }),
  },
  { prose: 'A key pair that clients sign with.' },
);

export type CredentialConfig = ValueOf<typeof CREDENTIAL>;

const LIST = {
  prose: 'The keys that clients may sign with.',
  hint: 'add at least one with an access_key and a secret_key',
  unique: ['access_key'],
} as const;

export const CREDENTIALS_FILE = object(
  { credentials: list(CREDENTIAL, LIST) },
  { prose: 'The keys of `sigv4.credentials_file`.' },
);
