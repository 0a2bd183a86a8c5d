/** Clients that upload without a pause, and count what fails. None of them repeats a request. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsCli } from '../support/aws-cli.ts';
import { Boto3 } from '../support/boto3.ts';
import { BUCKET } from '../support/gateway-in-front.ts';

export interface Load {
  /** Keys of the uploads that got a 200. */
  readonly stored: string[];
  readonly failed: string[];
  /** Lets the running uploads end. */
  stop(): Promise<void>;
}

const BODY = Buffer.alloc(10_000, 'x');
const KEYS = { accessKeyId: 'any-client', secretAccessKey: 'any-secret-of-it' };
/** A long upload: so many pieces, so many milliseconds apart. It takes longer than the delay of a shutdown. */
const [PIECES, PAUSE_MILLIS] = [20, 250];

interface Client {
  readonly name: string;
  /** @throws Error with the reason. */
  upload(key: string): Promise<void>;
  close(): Promise<void> | void;
}

/** @param folder for files and the HOME of clients. */
export async function startLoad(url: string, folder: string): Promise<Load> {
  const file = join(folder, 'object');
  await writeFile(file, BODY);
  const boto = new Boto3(folder);
  const botoClient = boto.client(url, KEYS);
  const cli = new AwsCli(url, folder);
  const clients: Client[] = [
    ...Array.from({ length: 6 }, (_, i) => rawClient(`raw${i}`, url, [BODY])),
    ...Array.from({ length: 2 }, (_, i) =>
      rawClient(
        `long${i}`,
        url,
        Array.from({ length: PIECES }, () => BODY),
      ),
    ),
    {
      name: 'boto3',
      async upload(Key) {
        const { error, message } = await botoClient.call('put_object', { Bucket: BUCKET, Key }, BODY);
        if (error !== undefined) throw new Error(`${error}: ${message}`);
      },
      close: () => boto.stop(),
    },
    {
      name: 'aws-cli',
      async upload(key) {
        const { code, err } = await cli.run(['s3', 'cp', file, `s3://${BUCKET}/${key}`]);
        if (code !== 0) throw new Error(err);
      },
      close() {},
    },
  ];
  const load = { stored: [] as string[], failed: [] as string[] };
  let isOver = false;
  const run = async ({ name, upload, close }: Client): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const key = `${name}/${i}`;
      await upload(key).then(
        () => load.stored.push(key),
        (error: Error) => load.failed.push(`${key}: ${error.message}`),
      );
    }
    await close();
  };
  const running = clients.map(run);
  return {
    ...load,
    async stop() {
      isOver = true;
      await Promise.all(running);
    },
  };
}

/** Keep-alive connections, and nothing else that a client library would do. */
function rawClient(name: string, url: string, pieces: readonly Buffer[]): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return {
    name,
    async upload(key) {
      const put = request(`${url}/${BUCKET}/${key}`, { method: 'PUT', agent, headers: { 'content-length': length } });
      const responded = once(put, 'response');
      responded.catch(() => {});
      for (const piece of pieces) {
        put.write(piece);
        if (pieces.length > 1) await delay(PAUSE_MILLIS);
      }
      put.end();
      const [response] = await responded;
      response.resume();
      await once(response, 'end');
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    },
    close: () => agent.destroy(),
  };
}
