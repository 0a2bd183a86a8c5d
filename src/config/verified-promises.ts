/** The setting `s3.verifies`: what the store verifies itself of the promises that clients make about their bytes. */
import { PLAIN_PROMISES, PROMISE_NAMES, type PromiseName } from '../domain/promise-names.ts';
import { derivedList, type Rule } from './field.ts';
import { isAws } from './is-aws.ts';
import { oneOf } from './scalars.ts';

interface Siblings {
  readonly client_checksums: 'pass' | 'verify_and_drop';
  readonly verifies: readonly PromiseName[];
}

/** The promises of clients that the store gets. */
export function sentPromises(clientChecksums: Siblings['client_checksums']): readonly PromiseName[] {
  return clientChecksums === 'pass' ? PROMISE_NAMES : PLAIN_PROMISES;
}

export const VERIFIES = derivedList(
  oneOf(PROMISE_NAMES, {
    prose: 'A checksum (`x-amz-checksum-*`) by its algorithm, or the header `content-md5` or `x-amz-content-sha256`.',
  }),
  {
    prose:
      'The promises about its bytes that the store verifies itself, in PutObject and UploadPart. The gateway may leave them to the store, and does not have to read the body for them; it verifies all others. ' +
      'A store that ignores a promise in this list would store wrong bytes: `doctor` tries each of them. ' +
      '[bodies.md](bodies.md#promises-that-the-store-verifies) has the lists for MinIO and versitygw.',
    hint: 'write a list such as [crc32, content-md5], or [] if the store verifies none',
    derived: {
      of: ['endpoint', 'client_checksums'],
      from: ({ endpoint, client_checksums }) =>
        isAws({ endpoint: endpoint as string | undefined })
          ? sentPromises(client_checksums as Siblings['client_checksums'])
          : [],
      text: 'all that the store gets, if it is AWS (no `endpoint`, or one below `amazonaws.com`), otherwise `[]`',
    },
  },
);

export const VERIFIES_WHAT_IS_SENT: Rule<Siblings> = {
  of: ['client_checksums', 'verifies'],
  at: 'verifies',
  broken: ({ client_checksums, verifies }) =>
    verifies.every((name) => sentPromises(client_checksums).includes(name))
      ? undefined
      : {
          wrong: 'names checksums, which the store does not get with client_checksums: verify_and_drop',
          hint: `list only ${PLAIN_PROMISES.join(' and ')}, or set client_checksums to pass`,
        },
};
