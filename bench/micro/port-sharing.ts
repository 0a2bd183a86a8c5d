/**
 * How several processes share a port: round robin and shared descriptor of node:cluster, and SO_REUSEPORT.
 *
 *   npm run bench -- port-sharing [--rounds N] [--seed N] [--smoke]
 *
 * - Evenness: 200 keep-alive connections are opened, one each 0, 2 or 10 ms, with one request each. The workers count them.
 * - CPU: that of the primary and the workers for a request on a new connection, less that for one on a keep-alive connection, in turns in
 *   random order.
 * - Closing: the workers are blocked for 300 ms. In that time 100 clients connect and send a request. Then one of two workers, or both,
 *   closes the port before anything else. This is the moment in which most connections wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HelperProcess } from '../support/helper-process.ts';
import { readOptions } from '../support/options.ts';
import { type Outcome, PortClient } from '../support/port-client.ts';
import { type CloseWorkers, type OpenGroup, WAYS, type Way } from '../support/port-group-process.ts';
import { type Random, seededRandom, shuffled } from '../support/statistics.ts';
import { estimateOf, microsText, table } from '../support/table.ts';

const RAMPS = [0, 2, 10];
const CONNECTIONS = 200;
const CLIENTS = 100;
const BLOCKED_MILLIS = 300;
const PARALLEL = 20;

async function main(): Promise<void> {
  const { small, seed, smoke } = readOptions(process.argv.slice(2));
  const rounds = smoke ? 1 : small.rounds;
  const random = seededRandom(seed);
  for (const workers of [2, 4]) await printEvenness(workers, Math.ceil(rounds / 4));
  await printCpu(rounds, smoke ? 200 : 1_000, random);
  for (const closing of [1, 2]) await printClosing(closing, rounds);
}

async function withGroup<T>(start: OpenGroup, use: (group: HelperProcess, port: number) => Promise<T>): Promise<T> {
  const group = new HelperProcess('./port-group-process.ts');
  try {
    return await use(group, await group.ask<number>('open', start));
  } finally {
    await group.ask('close').catch(() => {});
    await group.end();
  }
}

/** All repetitions, each as the numbers of connections that the workers have. */
async function printEvenness(workers: number, repetitions: number): Promise<void> {
  const rows: string[][] = [];
  for (const way of WAYS)
    await withGroup({ way, workers }, async (_, port) => {
      const cells = [way as string];
      for (const ramp of RAMPS) {
        const results: string[] = [];
        while (results.length < repetitions) results.push((await spread(port, ramp, workers)).join(':'));
        cells.push(results.join('  '));
      }
      rows.push(cells);
    });
  const head = [`${CONNECTIONS} connections, ${workers} workers`, ...RAMPS.map((ramp) => `one each ${ramp} ms`)];
  console.log(table([head, ...rows]));
}

async function spread(port: number, ramp: number, workers: number): Promise<number[]> {
  const clients: PortClient[] = [];
  const requests: Promise<Outcome>[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const client = new PortClient(port);
    clients.push(client);
    requests.push(client.request(30_000));
    if (ramp > 0) await sleep(ramp);
  }
  await Promise.all(requests);
  const counts = new Map<string, number>();
  for (const { worker } of clients) counts.set(worker, (counts.get(worker) ?? 0) + 1);
  await Promise.all(clients.map((client) => client.close()));
  return [...counts.values(), ...Array<number>(workers - counts.size).fill(0)].sort((a, b) => b - a);
}

async function printCpu(rounds: number, requests: number, random: Random): Promise<void> {
  const groups = WAYS.map((way) => ({ way, group: new HelperProcess('./port-group-process.ts') }));
  try {
    const open = async ({ way, group }: (typeof groups)[number]) => ({
      group,
      port: await group.ask<number>('open', { way, workers: 2 } satisfies OpenGroup),
      costs: [] as number[],
    });
    const players = await Promise.all(groups.map(open));
    for (let round = -1; round < rounds; round++)
      for (const { group, port, costs } of shuffled(players, random)) {
        const cost = async (perConnection: number): Promise<number> => {
          const before = await group.ask<number>('cpu');
          await load(port, requests, perConnection);
          return ((await group.ask<number>('cpu')) - before) / requests;
        };
        const difference = (await cost(1)) - (await cost(requests));
        if (round >= 0) costs.push(difference); // the first one compiles
      }
    const rows = players.map(({ costs }, i) => [WAYS[i]!, microsText(estimateOf([costs], random))]);
    console.log(table([['2 workers', 'µs of CPU for a new connection [95 % interval]'], ...rows]));
  } finally {
    for (const { group } of groups) await group.ask('close').catch(() => {});
    await Promise.all(groups.map(({ group }) => group.end()));
  }
}

/** @param perConnection the most requests of one connection. */
async function load(port: number, requests: number, perConnection: number): Promise<void> {
  let left = requests;
  const work = async (): Promise<void> => {
    while (left > 0) {
      const client = new PortClient(port);
      for (let i = 0; i < perConnection && left-- > 0; i++) await client.request(30_000);
      await client.close();
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

async function printClosing(closing: number, repetitions: number): Promise<void> {
  const outcomes: readonly Outcome[] = ['served', 'refused', 'reset', 'no response'];
  const rows: string[][] = [];
  for (const way of WAYS) {
    const all: Outcome[] = [];
    for (let i = 0; i < repetitions; i++) all.push(...(await closeUnderLoad(way, closing)));
    rows.push([way, ...outcomes.map((outcome) => String(all.filter((one) => one === outcome).length))]);
  }
  const title = `${closing} of 2 workers closes, ${repetitions} × ${CLIENTS} connections wait`;
  console.log(table([[title, ...outcomes], ...rows]));
}

function closeUnderLoad(way: Way, workers: number): Promise<Outcome[]> {
  return withGroup({ way, workers: 2 }, async (group, port) => {
    await group.ask('closeWorkers', { workers, millis: BLOCKED_MILLIS } satisfies CloseWorkers);
    await sleep(BLOCKED_MILLIS / 4);
    const clients = Array.from({ length: CLIENTS }, () => new PortClient(port));
    const outcomes = await Promise.all(clients.map((client) => client.request(BLOCKED_MILLIS + 2_000)));
    await Promise.all(clients.map((client) => client.close()));
    return outcomes;
  });
}

await main();
