/**
 * Uploads of 1 KiB to a gateway and to its twin, which does not trace, in turns and so in the same moments: what slows both is
 * the machine, what slows the first alone is tracing.
 */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Latencies, noLatencies } from './latencies.ts';

export interface LoadPlan {
  readonly clients: number;
  /** Rest of a client after each pair of uploads. */
  readonly pauseMillis: number;
}

const BODY = Buffer.alloc(1024, 'a');
const KEYS = 100;

export class PairedLoad {
  /** To the gateway that traces. */
  uploads = 0;
  /** Status of each upload that failed, to either; 0 where there was no answer. */
  readonly failed: number[] = [];
  /** Where the uploads that begin now are noted. */
  latencies: Latencies = noLatencies();
  readonly #urls: Readonly<Record<keyof Latencies, string>>;
  readonly #plan: LoadPlan;
  readonly #agent: http.Agent;
  #running: Promise<unknown> = Promise.resolve();
  #stopped = true;

  /** @param urls of the two gateways, each with a bucket `uploads`. */
  constructor(urls: Readonly<Record<keyof Latencies, string>>, plan: LoadPlan) {
    this.#urls = urls;
    this.#plan = plan;
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: plan.clients });
  }

  start(): void {
    this.#stopped = false;
    this.#running = Promise.all(Array.from({ length: this.#plan.clients }, (_, id) => this.#client(id)));
  }

  /** Resolves when the last uploads have been answered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async during(millis: number): Promise<void> {
    this.start();
    await sleep(millis);
    await this.stop();
  }

  close(): void {
    this.#agent.destroy();
  }

  async #client(id: number): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const key = `${id}/${i % KEYS}`;
      const { latencies } = this;
      const order = i % 2 === 0 ? (['traced', 'twin'] as const) : (['twin', 'traced'] as const);
      for (const which of order) latencies[which].push(await this.#timed(which, key));
      this.uploads++;
      if (this.#plan.pauseMillis > 0) await sleep(this.#plan.pauseMillis);
    }
  }

  async #timed(which: keyof Latencies, key: string): Promise<number> {
    const began = performance.now();
    const status = await this.#put(`${this.#urls[which]}/uploads/${key}`);
    if (status !== 200) this.failed.push(status);
    return performance.now() - began;
  }

  #put(url: string): Promise<number> {
    return new Promise((resolve) => {
      const request = http.request(url, {
        method: 'PUT',
        agent: this.#agent,
        headers: { 'content-length': BODY.length },
      });
      request.once('response', (response) => response.resume().once('end', () => resolve(response.statusCode ?? 0)));
      request.once('error', () => resolve(0));
      request.end(BODY);
    });
  }
}
