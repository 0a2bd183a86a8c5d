/** A real Prometheus that looks every second. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { type RealServer, startRealServer } from './real-server.ts';

/** One series of an instant vector. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export class Prometheus {
  readonly #api: string;
  readonly #server: RealServer;

  private constructor(api: string, server: RealServer) {
    this.#api = api;
    this.#server = server;
  }

  /** @param urls of metrics. @param features further ones to enable. */
  static async watching(urls: readonly string[], features: readonly string[] = []): Promise<Prometheus> {
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const targets = JSON.stringify(urls.map((url) => new URL(url).host));
    const server = await startRealServer({
      name: 'prometheus',
      args: async (folder) => {
        const file = join(folder, 'prometheus.yml');
        await writeFile(
          file,
          `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: gateway, static_configs: [{ targets: ${targets} }] }]\n`,
        );
        const storage = [
          '--storage.tsdb.path',
          join(folder, 'data'),
          `--enable-feature=${['exemplar-storage', ...features].join(',')}`,
        ];
        return ['--config.file', file, '--web.listen-address', address, ...storage];
      },
      healthUrl: `http://${address}/-/ready`,
    });
    return new Prometheus(`http://${address}/api/v1`, server);
  }

  /** @throws AssertionError if it does not understand. */
  async get<T>(path: string): Promise<T> {
    const answer = (await (await fetch(`${this.#api}/${path}`)).json()) as { status: string; error?: string; data: T };
    assert.equal(answer.status, 'success', answer.error ?? '');
    return answer.data;
  }

  /** What an expression is now. */
  async ask(expression: string): Promise<Sample[]> {
    const { result } = await this.get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    );
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
