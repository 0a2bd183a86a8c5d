/**
 * The processes of one heat: store, load, every contestant and what else the benchmark needs, all started before the first
 * turn and all ended after the last.
 */
import { YOUNG_GENERATION } from '../../src/workers/young-generation.ts';
import type { Wanted } from './body-kinds.ts';
import type { Contestant } from './contestant.ts';
import type { Cpu, StartedGateway, StartGateway } from './gateway-process.ts';
import { HelperProcess } from './helper-process.ts';
import type { Pace, Requests, Turn, Uploads } from './load-process.ts';
import type { StartPeer } from './peer-process.ts';
import { bind, type Places } from './pinning.ts';
import type { Resources, StartProgram } from './program-process.ts';

export type Load = Omit<Turn, 'port'>;

interface Player extends StartedGateway {
  readonly process: HelperProcess;
  /** CPU when it was last asked for. */
  cpu: Cpu;
  uploads: number;
}

export class Arena {
  readonly #places: Places | undefined;
  readonly #helpers: HelperProcess[] = [];
  readonly #players = new Map<string, Player>();
  readonly #store: HelperProcess;
  readonly #load: HelperProcess;

  constructor(places: Places | undefined) {
    this.#places = places;
    this.#store = this.start('./store-process.ts');
    this.#load = this.start('./load-process.ts');
  }

  /** Once: the port of the store, which listens from then on. */
  openStore(): Promise<number> {
    return this.#store.ask('listen');
  }

  /** Starts one more process beside the contestants. @param file beside this one. */
  start(file: string): HelperProcess {
    return this.#start(file, this.#places?.others);
  }

  /** Starts the gateway of one contestant. @param nodeOptions of its process, besides those of a worker. */
  enter(contestant: Contestant, start: StartGateway, nodeOptions: readonly string[]): Promise<void> {
    return this.#enter(contestant, './gateway-process.ts', start, [YOUNG_GENERATION, ...nodeOptions]);
  }

  /** Starts a contestant that others wrote. */
  enterPeer(contestant: Contestant, start: StartPeer): Promise<void> {
    return this.#enter(contestant, './peer-process.ts', start, []);
  }

  /** Starts a contestant that is the program with all its processes. */
  enterProgram(contestant: Contestant, start: StartProgram): Promise<void> {
    return this.#enter(contestant, './program-process.ts', start, []);
  }

  /** Resources of each process of a contestant that is the program: the primary first. */
  resources({ name }: Contestant): Promise<Resources[]> {
    return this.#player(name).process.ask('resources');
  }

  /**
   * From now on these requests are sent to the contestant, instead of plain ones.
   * @param heads as they go over the wire. @param size of the objects, in bytes.
   */
  async send({ name }: Contestant, heads: readonly string[], size: number): Promise<void> {
    await this.#load.ask('send', { port: this.#player(name).port, heads, size } satisfies Requests);
  }

  /** From now on such uploads are sent to the contestant. @param size of the objects, in bytes. */
  async prepare({ name }: Contestant, wanted: Omit<Wanted, 'port'>, size: number): Promise<void> {
    await this.#load.ask('prepare', { ...wanted, port: this.#player(name).port, size } satisfies Uploads);
  }

  /** Loads one contestant. @returns how many requests it has answered, every one with success. */
  async turn({ name }: Contestant, load: Load): Promise<number> {
    const player = this.#player(name);
    const requests = await this.#load.ask<number>('run', { ...load, port: player.port } satisfies Turn);
    player.uploads += requests;
    return requests;
  }

  /** Loads one contestant at an even rate. @returns milliseconds that each request took. */
  async pace({ name }: Contestant, pace: Omit<Pace, 'port'>): Promise<number[]> {
    const player = this.#player(name);
    const latencies = await this.#load.ask<number[]>('pace', { ...pace, port: player.port } satisfies Pace);
    player.uploads += latencies.length;
    return latencies;
  }

  /** CPU of the contestant since this was last asked: of its whole process, so that nothing it does is left out. */
  async cpu({ name }: Contestant): Promise<Cpu> {
    const player = this.#player(name);
    const { all, main } = player.cpu;
    player.cpu = await player.process.ask<Cpu>('cpu');
    return { all: player.cpu.all - all, main: player.cpu.main - main };
  }

  /** Garbage collections of the contestant's main thread since this was first called. */
  collections({ name }: Contestant): Promise<number> {
    return this.#player(name).process.ask('collections');
  }

  /** Resident memory of the contestant, in bytes. */
  memory({ name }: Contestant): Promise<number> {
    return this.#player(name).process.ask('memory');
  }

  /** How many requests of the contestant were answered so far. */
  uploads({ name }: Contestant): number {
    return this.#player(name).uploads;
  }

  /** What the contestant has counted itself, as it shows it to Prometheus. */
  async metrics(contestant: Contestant): Promise<string> {
    const answer = await fetch(this.metricsUrl(contestant));
    return answer.text();
  }

  metricsUrl({ name }: Contestant): string {
    return `http://127.0.0.1:${this.#player(name).metricsPort}/metrics`;
  }

  /** Ends every process, the contestants first and in good order. */
  async close(): Promise<void> {
    for (const { process } of this.#players.values()) await process.ask('close').catch(() => {});
    await Promise.all(this.#helpers.map((helper) => helper.end()));
  }

  async #enter({ name }: Contestant, file: string, start: unknown, nodeOptions: readonly string[]): Promise<void> {
    const process = this.#start(file, this.#places?.contestants, nodeOptions);
    const started = await process.ask<StartedGateway>('start', start);
    this.#players.set(name, { ...started, process, cpu: { all: 0, main: 0 }, uploads: 0 });
  }

  #start(file: string, cpus: string | undefined, nodeOptions: readonly string[] = []): HelperProcess {
    const helper = new HelperProcess(file, nodeOptions);
    this.#helpers.push(helper);
    if (cpus !== undefined) bind(helper.pid, cpus);
    return helper;
  }

  #player(name: string): Player {
    const player = this.#players.get(name);
    if (player === undefined) throw new Error(`no contestant ${name}`);
    return player;
  }
}
