/** The configuration file of `mizuchi-uploadr faults`: the faults to inject into requests to the store. */
import { OPERATION_ROWS } from '../domain/operation.ts';
import { list, object, type ValueOf } from './field.ts';
import { byteSize, integer, number, oneOf, string } from './scalars.ts';

const NAMES = OPERATION_ROWS.filter(([, { actsAs }]) => actsAs === undefined).map(([name]) => name);

const FAULT_RULE = object(
  {
    do: oneOf(['reset', 'stall', 'slow', 'corrupt', 'error', 'white_space', 'half_answer', 'change_header', 'stale'], {
      prose: 'The kind of fault.',
    }),
    operation: oneOf(NAMES, { prose: 'Only requests for this operation.', optional: true }),
    key: string({ prose: 'Only requests for this key, as sent to the store.', optional: true }),
    part: integer({ prose: 'Only this part number.', optional: true, min: 1, max: 10_000 }),
    skip: integer({ prose: 'The number of matching requests to let pass first.', default: 0, min: 0, max: 1_000_000 }),
    times: integer({
      prose: 'The maximum number of times that the fault is injected. Defaults to no maximum.',
      optional: true,
      min: 1,
      max: 1_000_000,
    }),
    probability: number({ prose: 'The fraction of matching requests that get the fault.', default: 1, min: 0, max: 1 }),
    at: oneOf(['head', 'body', 'answer'], {
      prose:
        'When `reset`, `stall` and `error` happen. `head`: before the request reaches the store. `body`: during the body. `answer`: after the store has processed the request, instead of its response.',
      default: 'head',
    }),
    after_bytes: byteSize({
      prose: 'With `at: body` and `corrupt`: the number of body bytes to send to the store first.',
      default: 0,
      min: 0,
      max: 1024 ** 4,
    }),
    seconds: number({
      prose: 'How long to stall, or to send white space; 0 stalls forever.',
      default: 0,
      min: 0,
      max: 86_400,
    }),
    bytes_per_second: byteSize({ prose: 'The rate of `slow`.', default: 65_536, min: 1, max: 1024 ** 3 }),
    status: integer({
      prose: 'The HTTP status of `error`. S3 can send errors with status 200.',
      default: 503,
      min: 200,
      max: 599,
    }),
    code: string({ prose: 'The S3 error code of `error`.', default: 'SlowDown' }),
    location: string({ prose: 'The Location header of a redirect.', optional: true }),
    header: string({ prose: 'The response header to change.', default: 'etag' }),
    value: string({ prose: 'The new value of the header. Without one, the header is removed.', optional: true }),
  },
  { prose: 'One fault.' },
);

export type FaultRule = ValueOf<typeof FAULT_RULE>;

export const FAULTS_FILE = object(
  {
    seed: integer({
      prose: 'The seed of the random generator. The same seed gives the same faults.',
      default: 1,
      min: 0,
      max: 2 ** 31,
    }),
    faults: list(FAULT_RULE, {
      prose: 'The faults. A request gets the first one that matches.',
      hint: 'add at least one, such as { do: reset, operation: PutObject, at: answer }',
    }),
  },
  { prose: 'Faults to inject into requests to the store.' },
);

export type FaultsConfig = ValueOf<typeof FAULTS_FILE>;
