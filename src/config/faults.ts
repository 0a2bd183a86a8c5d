/** The file of `mizuchi-uploadr faults`: what happens to which requests on their way to the store. */
import { OPERATION_ROWS } from '../domain/operation.ts';
import { list, object, type ValueOf } from './field.ts';
import { byteSize, integer, number, oneOf, string } from './scalars.ts';

const NAMES = OPERATION_ROWS.filter(([, { actsAs }]) => actsAs === undefined).map(([name]) => name);

export const FAULT_RULE = object(
  {
    do: oneOf(['reset', 'stall', 'slow', 'corrupt', 'error', 'white_space', 'half_answer', 'change_header', 'stale'], {
      prose: 'What happens.',
    }),
    operation: oneOf(NAMES, { prose: 'To requests for this operation only.', optional: true }),
    key: string({ prose: 'To requests for this key only, as the store knows it.', optional: true }),
    part: integer({ prose: 'To this part only.', optional: true, min: 1, max: 10_000 }),
    skip: integer({ prose: 'So many requests pass first.', default: 0, min: 0, max: 1_000_000 }),
    times: integer({ prose: 'It happens so often; always, unless given.', optional: true, min: 1, max: 1_000_000 }),
    probability: number({ prose: 'The share of the requests to which it happens.', default: 1, min: 0, max: 1 }),
    at: oneOf(['head', 'body', 'answer'], {
      prose:
        'When: before the store has heard of the request, amid its body, or when the store has done its work and has not said so. For `reset`, `stall` and `error`.',
      default: 'head',
    }),
    after_bytes: byteSize({
      prose: 'With `at: body` and `corrupt`: when so many bytes of the body have gone to the store.',
      default: 0,
      min: 0,
      max: 1024 ** 4,
    }),
    seconds: number({
      prose: 'How long it stalls, or sends white space; 0 stalls for ever.',
      default: 0,
      min: 0,
      max: 86_400,
    }),
    bytes_per_second: byteSize({ prose: 'The pace of `slow`.', default: 65_536, min: 1, max: 1024 ** 3 }),
    status: integer({
      prose: 'HTTP status of `error`; 200 is one of those that S3 has.',
      default: 503,
      min: 200,
      max: 599,
    }),
    code: string({ prose: 'S3 code of `error`.', default: 'SlowDown' }),
    location: string({ prose: 'Where a redirect leads.', optional: true }),
    header: string({ prose: 'The header of the answer that is changed.', default: 'etag' }),
    value: string({ prose: 'Its value; without one it is left out.', optional: true }),
  },
  { prose: 'One fault.' },
);

export type FaultRule = ValueOf<typeof FAULT_RULE>;

export const FAULTS_FILE = object(
  {
    seed: integer({ prose: 'Of the chance: the same seed draws the same.', default: 1, min: 0, max: 2 ** 31 }),
    faults: list(FAULT_RULE, {
      prose: 'The faults. The first that fits a request happens to it.',
      mend: 'add at least one, such as { do: reset, operation: PutObject, at: answer }',
    }),
  },
  { prose: 'What happens on the way to the store.' },
);

export type FaultsConfig = ValueOf<typeof FAULTS_FILE>;
