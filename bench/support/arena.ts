/**
 * The processes of one heat: store, collector, load and every contestant, all started before the first turn and all ended
 * after the last.
 */
import type { Received } from './collector-process.ts';
import { type Contestant, configOf, type Ports, SPANS_PER_UPLOAD } from './contestants.ts';
import type { Cpu, StartGateway } from './gateway-process.ts';
import { HelperProcess } from './helper-process.ts';
import type { Turn } from './load-process.ts';
import { bind, type Places } from './pinning.ts';

export type Load = Omit<Turn, 'port'>;

/** What the collector has seen of one contestant. */
export interface Delivery {
  readonly expected: number;
  readonly received: number;
  readonly exports: number;
  readonly bytes: number;
}

/** Milliseconds after which a span that has not arrived is given up. */
const GIVE_UP = 5_000;

interface Player {
  readonly process: HelperProcess;
  readonly port: number;
  readonly traced: boolean;
  /** CPU when it was last asked for. */
  cpu: Cpu;
  uploads: number;
}

export class Arena {
  readonly #places: Places | undefined;
  readonly #helpers: HelperProcess[] = [];
  readonly #players = new Map<string, Player>();
  #load!: HelperProcess;
  #collector!: HelperProcess;

  private constructor(places: Places | undefined) {
    this.#places = places;
  }

  /** @param nodeOptions of each contestant's process. */
  static async open(
    contestants: readonly Contestant[],
    places: Places | undefined,
    nodeOptions: (contestant: Contestant) => string[],
  ): Promise<Arena> {
    const arena = new Arena(places);
    try {
      const ports = await arena.#openSurroundings();
      await Promise.all(contestants.map((contestant) => arena.#enter(contestant, ports, nodeOptions(contestant))));
    } catch (error) {
      await arena.close();
      throw error;
    }
    return arena;
  }

  /** Loads one contestant. @returns how many requests it has answered, every one with success. */
  async turn({ name }: Contestant, load: Load): Promise<number> {
    const player = this.#player(name);
    const requests = await this.#load.ask<number>('run', { ...load, port: player.port } satisfies Turn);
    player.uploads += requests;
    return requests;
  }

  /** CPU of the contestant since this was last asked: of its whole process, so that nothing it does is left out. */
  async cpu({ name }: Contestant): Promise<Cpu> {
    const player = this.#player(name);
    const { all, main } = player.cpu;
    player.cpu = await player.process.ask<Cpu>('cpu');
    return { all: player.cpu.all - all, main: player.cpu.main - main };
  }

  /** What has arrived of the contestant's spans, once that is all of them or no more can be hoped for. */
  async delivery({ name }: Contestant): Promise<Delivery> {
    const { traced, uploads } = this.#player(name);
    const expected = traced ? uploads * SPANS_PER_UPLOAD : 0;
    const question = { contestant: name, spans: expected, millis: GIVE_UP };
    const { spans, exports, bytes } = await this.#collector.ask<Received>('until', question);
    return { expected, received: spans, exports, bytes };
  }

  /** Ends every process, the contestants first and in good order. */
  async close(): Promise<void> {
    for (const { process } of this.#players.values()) await process.ask('close').catch(() => {});
    await Promise.all(this.#helpers.map((helper) => helper.end()));
  }

  async #openSurroundings(): Promise<Ports> {
    const start = (file: string): HelperProcess => this.#start(file, this.#places?.others);
    const store = start('./store-process.ts');
    this.#collector = start('./collector-process.ts');
    this.#load = start('./load-process.ts');
    return { store: await store.ask('listen'), collector: await this.#collector.ask('listen') };
  }

  async #enter(contestant: Contestant, ports: Ports, nodeOptions: string[]): Promise<void> {
    const process = this.#start('./gateway-process.ts', this.#places?.contestants, nodeOptions);
    const start: StartGateway = { config: configOf(contestant, ports), stock: contestant.tracer === 'stock' };
    const port = await process.ask<number>('start', start);
    this.#players.set(contestant.name, {
      process,
      port,
      traced: contestant.tracer !== 'none',
      cpu: { all: 0, main: 0 },
      uploads: 0,
    });
  }

  #start(file: string, cpus: string | undefined, nodeOptions: string[] = []): HelperProcess {
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
