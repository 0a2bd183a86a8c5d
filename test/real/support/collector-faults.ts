/** The faults of a collector: a table. Each is a behaviour, and what else is special about it. */
import { status } from '@grpc/grpc-js';
import { flood, garbage, hang, reset, trickle } from '../../support/faulty-server.ts';
import { encodeMessage } from '../../support/otlp-messages.ts';
import {
  answers,
  away,
  calls,
  connections,
  flaps,
  type Protocol,
  SELF_SIGNED,
  says,
  takes,
  VOUCHED_FOR,
} from './collector-behaviours.ts';
import { floodCall, goAway, omitTrailers, resetCall, trickleCall } from './collector-calls.ts';
import type { Behaviour } from './switchable-collector.ts';

export interface CollectorFault {
  readonly protocol: Protocol;
  /** What the collector does; undefined where its name is known to nobody, which no test can mend. */
  readonly behaviour: Behaviour | undefined;
  /** What it does when it is well; takes everything unless given. */
  readonly well?: Behaviour;
  /** Whether TLS is spoken to it. */
  readonly secure?: true;
  /** How long it lasts; a few seconds unless given. */
  readonly seconds?: number;
  /** How much it takes nevertheless; nothing unless given. */
  readonly takes?: 'some' | 'all';
  /** Whether spans that it does not get are written to a file. */
  readonly fallback?: true;
  /** Whether the queue and the time limits are those that a gateway has by default. */
  readonly defaults?: true;
  /** Not in every run: it takes minutes. */
  readonly long?: true;
}

/** Seconds of one phase of a collector that comes and goes. */
const FLAP = 1;
const LONG_FLAP = 5;
const OUTAGES = [60, 180];

const retryAfter = (value: string) => ({ 'retry-after': value });
const inThreeSeconds = () => retryAfter(new Date(Date.now() + 3_000).toUTCString());
const WISHES = {
  'no Retry-After': {},
  ...Object.fromEntries(
    ['0', '1', '30', '100000', '-5 apples'].map((wish) => [`Retry-After: ${wish}`, retryAfter(wish)]),
  ),
  'Retry-After: a date': inThreeSeconds,
};

/** google.rpc.Status with a RetryInfo. */
const busyFor = (seconds: number): Uint8Array =>
  encodeMessage('RpcStatus', {
    code: status.RESOURCE_EXHAUSTED,
    details: [
      {
        typeUrl: 'type.googleapis.com/google.rpc.RetryInfo',
        value: encodeMessage('RetryInfo', { retryDelay: { seconds } }),
      },
    ],
  });

type Rows = Readonly<Record<string, Omit<CollectorFault, 'protocol'>>>;

const anyProtocol = (protocol: Protocol): Rows => ({
  'nobody listens': { behaviour: away },
  'it resets every connection': { behaviour: connections(reset) },
  'its name is not known': { behaviour: undefined, fallback: true },
  'nobody vouches for its certificate': {
    behaviour: takes(protocol, { tls: SELF_SIGNED }),
    well: takes(protocol, { tls: VOUCHED_FOR }),
    secure: true,
  },
  'it speaks no TLS': { behaviour: takes(protocol), well: takes(protocol, { tls: VOUCHED_FOR }), secure: true },
  'it accepts and never answers': { behaviour: connections(hang) },
  'it answers with what is no HTTP': { behaviour: connections(garbage) },
  'it answers after 8 s, as slow as may be by default': {
    behaviour: takes(protocol, { afterMillis: 8_000 }),
    takes: 'all',
    defaults: true,
  },
  'it takes all but two spans of each batch': { behaviour: takes(protocol, { allBut: 2 }), takes: 'some' },
  [`it comes and goes every ${FLAP} s`]: { behaviour: flaps(takes(protocol), FLAP * 1_000), takes: 'some' },
  'it is back after 10 s': { behaviour: away, seconds: 10 },
  'it is back after 10 s, and there is a fallback': { behaviour: away, seconds: 10, fallback: true },
  [`it comes and goes every ${LONG_FLAP} s`]: {
    behaviour: flaps(takes(protocol), LONG_FLAP * 1_000),
    takes: 'some',
    seconds: 40,
    long: true,
  },
  ...Object.fromEntries(
    OUTAGES.map((seconds) => [`it is back after ${seconds} s`, { behaviour: away, seconds, long: true } as const]),
  ),
});

const OVER_HTTP: Rows = {
  'it answers byte by byte, for ever': { behaviour: connections(trickle) },
  'it answers with 400 MB': { behaviour: connections(flood) },
  ...Object.fromEntries([400, 401, 413, 500].map((code) => [`it says ${code}`, { behaviour: answers(code) }])),
  ...Object.fromEntries(
    [429, 503].flatMap((code) =>
      Object.entries(WISHES).map(([name, headers]) => [
        `it says ${code}, ${name}`,
        { behaviour: answers(code, headers) },
      ]),
    ),
  ),
};

const CODES = [
  'UNAVAILABLE',
  'UNAUTHENTICATED',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
] as const;

const OVER_GRPC: Rows = {
  'it takes calls and never answers': { behaviour: calls(() => {}) },
  'it answers calls byte by byte, for ever': { behaviour: calls(trickleCall) },
  'it answers calls with 400 MB': { behaviour: calls(floodCall) },
  'it omits the trailers': { behaviour: calls(omitTrailers) },
  'it resets every call': { behaviour: calls(resetCall) },
  'it goes away at every call': { behaviour: calls(goAway) },
  ...Object.fromEntries(CODES.map((name) => [`it says ${name}`, { behaviour: says({ code: status[name] }) }])),
  ...Object.fromEntries(
    [0, 1, 30, 100_000].map((seconds) => [
      `it says RESOURCE_EXHAUSTED with a RetryInfo of ${seconds} s`,
      { behaviour: says({ code: status.RESOURCE_EXHAUSTED, statusDetails: busyFor(seconds) }) },
    ]),
  ),
};

const rowsOf = (protocol: Protocol, own: Rows): [name: string, fault: CollectorFault][] =>
  Object.entries({ ...anyProtocol(protocol), ...own }).map(([name, fault]) => [
    `${protocol}: ${name}`,
    { protocol, ...fault },
  ]);

export const COLLECTOR_FAULTS: readonly (readonly [name: string, fault: CollectorFault])[] = [
  ...rowsOf('http/protobuf', OVER_HTTP),
  ...rowsOf('grpc', OVER_GRPC),
];
