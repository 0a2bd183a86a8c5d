/** Real policy engines, in memory, on ports of their own. On a port that is given, one can come back after its end. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { type RealServer, startRealServer } from './real-server.ts';

export interface PolicyEngine extends RealServer {
  readonly url: string;
  readonly port: number;
}

export interface EngineStart {
  readonly port?: number;
  /** Further command-line arguments. */
  readonly args?: readonly string[];
}

/** @param policies Rego modules. */
export async function startOpa(
  policies: readonly string[],
  { port, args = [] }: EngineStart = {},
): Promise<PolicyEngine> {
  const listens = port ?? (await freePorts(1))[0]!;
  const url = `http://127.0.0.1:${listens}`;
  const server = await startRealServer({
    name: 'opa',
    args: async (folder) => {
      const files = policies.map((_, index) => join(folder, `policy-${index}.rego`));
      await Promise.all(files.map((file, index) => writeFile(file, policies[index]!)));
      return ['run', '--server', '--addr', `127.0.0.1:${listens}`, '--disable-telemetry', ...args, ...files];
    },
    healthUrl: `${url}/health`,
  });
  return { ...server, url, port: listens };
}

export async function startOpenFga({ port, args = [] }: EngineStart = {}): Promise<PolicyEngine> {
  const [free, grpc] = await freePorts(2);
  const listens = port ?? free!;
  const url = `http://127.0.0.1:${listens}`;
  const addresses = ['--http-addr', `127.0.0.1:${listens}`, '--grpc-addr', `127.0.0.1:${grpc}`];
  const server = await startRealServer({
    name: 'openfga',
    args: () => ['run', ...addresses, '--playground-enabled=false', '--metrics-enabled=false', ...args],
    healthUrl: `${url}/healthz`,
  });
  return { ...server, url, port: listens };
}

/** OpenFGA's own API, for what an operator prepares. */
export class FgaStore {
  readonly id: string;
  readonly #url: string;

  private constructor(url: string, id: string) {
    this.#url = url;
    this.id = id;
  }

  static async create(url: string): Promise<FgaStore> {
    const { id } = (await post(`${url}/stores`, { name: 'uploads' })) as { id: string };
    return new FgaStore(url, id);
  }

  /** @returns the model's id. */
  async writeModel(model: unknown): Promise<string> {
    const { authorization_model_id: id } = (await post(
      `${this.#url}/stores/${this.id}/authorization-models`,
      model,
    )) as {
      authorization_model_id: string;
    };
    return id;
  }

  /** @param write as the API takes it: `{ writes: { tuple_keys: […] } }`. */
  async write(write: unknown): Promise<void> {
    await post(`${this.#url}/stores/${this.id}/write`, write);
  }
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}
