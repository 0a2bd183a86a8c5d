/** One access key that clients sign with, and the file in which such keys may stand by themselves. */
import { list, object, type ValueOf } from './field.ts';
import { secret, string } from './scalars.ts';

/** An access key as it can stand in `Credential=`: the slash and the comma have a meaning there. */
export const checkAccessKey = (key: string): string | undefined =>
  /^[\x21-\x7e]{1,128}$/.test(key) && !/[/,]/.test(key) ? undefined : 'is not an access key';

export const CREDENTIAL = object(
  {
    // Discreet, because secrets are put here by mistake.
    access_key: secret({
      prose: 'The access key: a name, not a secret.',
      check: checkAccessKey,
      mend: 'use 1 to 128 visible ASCII characters without "/" and ","',
    }),
    secret_key: secret({
      prose: 'The secret key that belongs to it.',
      check: (key) => (key.length >= 16 ? undefined : 'is shorter than 16 characters'),
      mend: 'make one at random: openssl rand -base64 30',
    }),
    subject: string({
      prose: 'Who signs with it: what the policy engine is asked about.',
      derived: { of: ['access_key'], from: ({ access_key }) => String(access_key), text: 'the access key' },
      check: (subject) => (subject.length <= 256 ? undefined : 'is longer than 256 characters'),
    }),
  },
  { prose: 'A key that clients sign with.' },
);

export type CredentialConfig = ValueOf<typeof CREDENTIAL>;

const LIST = {
  prose: 'The keys that clients may sign with.',
  mend: 'add at least one with an access_key and a secret_key',
  unique: ['access_key'],
} as const;

export const CREDENTIALS_FILE = object(
  { credentials: list(CREDENTIAL, LIST) },
  { prose: 'The keys of `sigv4.credentials_file`.' },
);
