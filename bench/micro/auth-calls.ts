/**
 * What judging takes alone: CPU per call of the authenticators and of the policy engines' clients, without a gateway around.
 *
 *   npm run bench -- auth-calls [--seed N] [--smoke]
 *
 * The requests are those of `npm run bench -- auth`, as the server hands them over. A policy engine's `decide` is set
 * against a bare undici request that sends the same bytes to the same stub and reads the JSON that comes; 16 run at a time,
 * as in the benchmark of whole gateways. All take turns in one process, whose CPU is counted as a whole.
 */
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { openAuthz } from '../../src/app/bucket/authz.ts';
import { Lifetime } from '../../src/app/lifetime.ts';
import { queryOf } from '../../src/authz/authorization-query.ts';
import type { Engine } from '../../src/domain/auth-observer.ts';
import type { Resolved } from '../../src/domain/stages.ts';
import { authzOf } from '../support/auth-contestants.ts';
import { type Call, type CallPlan, measureCalls } from '../support/calls.ts';
import { HelperProcess } from '../support/helper-process.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { appContext, judged, type Ready, readyRequests } from '../support/judged-requests.ts';
import { bind, findPlaces } from '../support/pinning.ts';
import { type Random, seededRandom } from '../support/statistics.ts';
import { type Estimate, estimateOf, microsText, ratioText, table, verdict } from '../support/table.ts';

const AT_A_TIME = 16;
const PLAN: CallPlan = { millis: 25, warmUp: 40, rounds: 80 };
const SMOKE: CallPlan = { millis: 5, warmUp: 3, rounds: 3 };

interface Measured extends Call {
  /** What its CPU is to stay below: microseconds, or as a multiple of a bare request. */
  readonly target?: { readonly micros: number } | { readonly ratio: number };
  /** Whether it may ask over the network, so that it can be set against a bare request. */
  readonly asks: boolean;
}

const BARE = ['bare undici request', 'bare undici request, again'];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, smoke: { type: 'boolean', default: false } },
  });
  const random = seededRandom(Number(values.seed));
  const lifetime = new Lifetime(appContext().log);
  try {
    const calls = await openCalls(lifetime);
    const plan = values.smoke ? SMOKE : PLAN;
    const costs = await measureCalls(calls, plan, random);
    console.log(`CPU per call, alone in one process (${plan.rounds} rounds of turns of ${plan.millis} ms)\n`);
    print(calls, costs, random, values.smoke);
  } finally {
    await lifetime.close();
  }
}

/** All that is called, warm: keys are fetched, tokens remembered, connections open. @param lifetime is told what to close. */
async function openCalls(lifetime: Lifetime): Promise<Measured[]> {
  const provider = await IdentityProvider.open();
  lifetime.onClose(async () => provider.close());
  const engine = new HelperProcess('./engine-process.ts');
  lifetime.onClose(() => engine.end());
  const places = findPlaces();
  if (places !== undefined) bind(engine.pid, places.others);
  if (places !== undefined) bind(process.pid, places.contestants);
  const port = await engine.ask<number>('listen');
  const ready = (kind: Parameters<typeof readyRequests>[0]) => readyRequests(kind, provider, lifetime);
  const bearer = await ready('bearer');
  const asked = await judged(bearer);
  return [
    { name: 'SigV4 in the header', target: { micros: 40 }, ...authenticates(await ready('header')) },
    { name: 'presigned URL', ...authenticates(await ready('presigned')) },
    { name: 'JWT as bearer, remembered', target: { micros: 10 }, ...authenticates(bearer) },
    { name: 'JWT as session token, remembered', ...authenticates(await ready('session token')) },
    ...BARE.map((name) => ({ name, ...bareRequests(asked, port, lifetime) })),
    { name: 'OPA', target: { ratio: 1.25 }, ...decides('opa', 0, asked, port, lifetime) },
    { name: 'OPA, remembered', ...decides('opa', 3600, asked, port, lifetime) },
    { name: 'OpenFGA', ...decides('openfga', 0, asked, port, lifetime) },
  ];
}

type Run = Pick<Measured, 'run' | 'asks'>;

/** @throws Error if a verdict has to be waited for: then it is not what was meant to be measured. */
function authenticates({ authenticator, requests }: Ready): Run {
  let next = 0;
  return {
    asks: false,
    run(calls) {
      for (let i = 0; i < calls; i++) {
        const findings = { method: authenticator.method, keyId: undefined, keySource: undefined };
        const proof = authenticator.authenticate(requests[next++ % requests.length]!, findings);
        if (proof instanceof Promise) throw new Error('a token was not remembered');
      }
    },
  };
}

function decides(engine: Engine, ttl: number, requests: readonly Resolved[], port: number, lifetime: Lifetime): Run {
  const [authorizer] = openAuthz(authzOf(engine, ttl, port), 'uploads', lifetime, appContext());
  let next = 0;
  return severalAtATime(async () => {
    const request = requests[next++ % requests.length]!;
    const { allow } = await authorizer!.decide(request, request.incoming.span);
    if (!allow) throw new Error(`${engine} denies`);
  });
}

/** What is sent was written beforehand. */
function bareRequests(requests: readonly Resolved[], port: number, lifetime: Lifetime): Run {
  const pool = new Pool(`http://127.0.0.1:${port}`, { pipelining: 1, allowH2: false });
  lifetime.onClose(() => pool.destroy());
  const bodies = requests.map((request) => JSON.stringify({ input: queryOf(request) }));
  const headers = ['content-type', 'application/json'];
  let next = 0;
  return severalAtATime(async () => {
    const body = bodies[next++ % bodies.length]!;
    const answer = await pool.request({ method: 'POST', path: '/v1/data/mizuchi/allow', headers, body });
    const { result } = (await answer.body.json()) as { result: boolean };
    if (!result) throw new Error('the stub denies');
  });
}

function severalAtATime(call: () => Promise<void>): Run {
  return {
    asks: true,
    async run(calls) {
      let left = calls;
      const work = async (): Promise<void> => {
        while (left-- > 0) await call();
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, work));
    },
  };
}

function print(calls: readonly Measured[], costs: readonly number[][], random: Random, smoke: boolean): void {
  const bare = BARE.map((name) => costs[calls.findIndex((call) => call.name === name)]!);
  const rows = calls.map(({ name, target, asks }, i) => {
    const micros = estimateOf([costs[i]!], random);
    const ratio = estimateOf([costs[i]!.map((cost, round) => cost / mean(bare.map((one) => one[round]!)))], random);
    return [name, microsText(micros), asks ? ratioText(ratio) : '', smoke ? '' : targetText(target, micros, ratio)];
  });
  console.log(table([['', 'µs [95 % interval]', 'by a bare request', 'target'], ...rows]));
  if (smoke) console.log('smoke run: the figures mean nothing');
}

function targetText(target: Measured['target'], micros: Estimate, ratio: Estimate): string {
  if (target === undefined) return '';
  if ('micros' in target) return `< ${target.micros} µs: ${verdict(micros, target.micros)}`;
  return `< ×${target.ratio}: ${verdict(ratio, target.ratio)}`;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

await main();
