/** A gateway that runs under callgrind. Instructions are counted only while it is told to, which vgdb does. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../../../src/config/config.ts';
import { YOUNG_GENERATION } from '../../../src/workers/young-generation.ts';
import { binary } from '../../../test/real/support/real-server.ts';
import type { StartedGateway, StartGateway } from '../gateway-process.ts';
import { HelperProcess } from '../helper-process.ts';
import { type Profile, readProfile } from './callgrind-profile.ts';
import { namesFrom } from './compiled-names.ts';

const run = promisify(execFile);

/**
 * Functions get a name, also in the interpreter. Optimization comes after fewer calls and on the thread that runs the function, so that
 * the warm-up is short, and the same each time. The old generation is never collected: that would discard optimized code.
 */
const FLAGS = [
  YOUNG_GENERATION,
  '--initial-old-space-size=1024',
  '--perf-basic-prof',
  '--interpreted-frames-native-stack',
  '--no-concurrent-recompilation',
  '--invocation-count-for-maglev=100',
  '--invocation-count-for-turbofan=400',
  '--minimum-invocations-after-ic-update=100',
];

export class CountedGateway {
  readonly #folder: string;
  readonly #process: HelperProcess;
  #port = 0;
  #periods = 0;

  private constructor(folder: string, process: HelperProcess) {
    this.#folder = folder;
    this.#process = process;
  }

  /** @throws Error if valgrind is not installed. */
  static async open(config: Config): Promise<CountedGateway> {
    const valgrind = binary('valgrind');
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-instructions-'));
    const tool = [
      valgrind,
      '--quiet',
      '--tool=callgrind',
      '--instr-atstart=no',
      '--smc-check=all-non-file', // V8 writes code
      '--separate-threads=yes',
      `--callgrind-out-file=${join(folder, 'profile')}`,
    ];
    const v8 = [...FLAGS, `--perf-basic-prof-path=${folder}`];
    const gateway = new CountedGateway(folder, new HelperProcess('./gateway-process.ts', v8, tool));
    const started = await gateway.#process.ask<StartedGateway>('start', {
      config,
      stock: false,
    } satisfies StartGateway);
    gateway.#port = started.port;
    return gateway;
  }

  get port(): number {
    return this.#port;
  }

  async startCounting(): Promise<void> {
    await this.#control('instrumentation', 'on');
  }

  /** Ends one period, and starts the next. */
  async nextPeriod(): Promise<void> {
    await this.#control('dump');
    this.#periods++;
  }

  /** Once: the calls of each thread in each period. */
  async profiles(): Promise<Profile[][]> {
    const nameOf = namesFrom(await readFile(join(this.#folder, `perf-${this.#process.pid}.map`), 'latin1'));
    const names = await readdir(this.#folder);
    const periods = Array.from({ length: this.#periods }, (_, i) =>
      names.filter((name) => name.startsWith(`profile.${i + 1}-`)),
    );
    const read = async (name: string): Promise<Profile> =>
      readProfile(await readFile(join(this.#folder, name), 'latin1'), nameOf);
    return Promise.all(periods.map((files) => Promise.all(files.map(read))));
  }

  async close(): Promise<void> {
    await this.#process.ask('close').catch(() => {});
    await this.#process.end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #control(...command: string[]): Promise<void> {
    await run(binary('vgdb'), [`--pid=${this.#process.pid}`, ...command]);
  }
}
