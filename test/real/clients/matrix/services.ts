/** The clients of the matrix in Python, Go, Java and Ruby: each is a service of lines, started once per place. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binary } from '../../support/real-server.ts';
import type { BucketName, MatrixClient, Way, WayName } from './client.ts';
import { WAYS } from './client.ts';
import { keysBy } from './library.ts';
import type { Place } from './place.ts';
import { Service, type ServiceCommand } from './service.ts';

interface Program {
  readonly name: string;
  readonly command: () => ServiceCommand;
  readonly ways: readonly WayName[];
  readonly bucket?: BucketName;
  readonly token?: WayName;
  readonly tree?: true;
  readonly writes?: true;
  readonly typeOnly?: true;
  readonly plainOnly?: true;
}

const SERVE = fileURLToPath(new URL('services/python/serve.py', import.meta.url));
export const RUBY = fileURLToPath(new URL('services/ruby/upload.rb', import.meta.url));

/** Sizes that every client uploads. */
const SIZES: readonly WayName[] = ['empty', 'small', 'eight', 'large'];

/** The command of a Python client. */
const python = (module: string): ServiceCommand => ({
  file: binary('python-clients'),
  args: [SERVE, module],
  env: { AWS_EC2_METADATA_DISABLED: 'true', PYTHONDONTWRITEBYTECODE: '1' },
});

const PYTHON: Readonly<Record<string, string>> = {
  pyarrow: 'pyarrow_client',
  DuckDB: 'duckdb_client',
  polars: 'polars_client',
  obstore: 'obstore_client',
  s3fs: 's3fs_client',
  pandas: 'pandas_client',
  smart_open: 'smart_open_client',
  OpenDAL: 'opendal_client',
};

/** Name and command of each Python client. */
export const pythonCommands = (): [name: string, command: ServiceCommand][] =>
  Object.entries(PYTHON).map(([name, module]) => [name, python(module)]);

const py = (
  name: keyof typeof PYTHON,
  more: Omit<Program, 'name' | 'command' | 'ways'>,
  ...ways: WayName[]
): Program => ({
  name,
  command: () => python(PYTHON[name] as string),
  ways: [...SIZES, ...ways],
  token: 'eight',
  ...more,
});

const PROGRAMS: readonly Program[] = [
  py('pyarrow', { tree: true, typeOnly: true }, 'metadata'),
  py('DuckDB', { writes: true, tree: true, plainOnly: true }),
  py('polars', { writes: true, plainOnly: true }),
  py('obstore', {}, 'piped', 'metadata', 'checksum'),
  py('s3fs', { tree: true }, 'metadata', 'checksum'),
  py('pandas', { writes: true }),
  py('smart_open', {}, 'metadata'),
  py('OpenDAL', { plainOnly: true }, 'metadata', 'checksum'),
  go('manager'),
  go('transfermanager', true),
  {
    name: 'AWS SDK for Java',
    command: () => ({ file: binary('aws-sdk-java'), args: [] }),
    ways: [...SIZES, 'piped', 'metadata', 'checksum'],
    token: 'eight',
    tree: true,
    plainOnly: true,
  },
  {
    name: 'AWS SDK for Ruby',
    command: () => ({ file: binary('ruby-clients'), args: [RUBY] }),
    ways: [...SIZES, 'single', 'piped', 'metadata', 'checksum', 'presigned'],
    token: 'eight',
    plainOnly: true,
  },
];

function go(uploader: string, tree?: true): Program {
  return {
    name: `AWS SDK for Go (${uploader})`,
    command: () => ({ file: binary('aws-sdk-go'), args: [uploader], env: {} }),
    ways: [...SIZES, 'single', 'piped', 'metadata', 'checksum'],
    token: 'eight',
    ...(tree && { tree }),
  };
}

/** @param place with the authority that some read from their environment. */
export function serviceClients({ folder, authority }: Place): MatrixClient[] {
  return PROGRAMS.map((program) => serviceClient(program, folder, authority));
}

function serviceClient(
  { name, command, ways, tree, writes, ...more }: Program,
  folder: string,
  authority: string,
): MatrixClient {
  let running: Service | undefined;
  const service = (): Service => {
    const { env, ...rest } = command();
    running ??= new Service({ ...rest, env: { ...env, SSL_CERT_FILE: authority } }, folder);
    return running;
  };
  const way =
    (done: WayName | 'tree'): Way =>
    async (place, bucket, key) => {
      const { url: endpoint, scheme, host, keys } = place;
      const file = join(folder, done === 'tree' ? 'tree' : WAYS[done]);
      const where = { endpoint, scheme, host, authority, bucket, key, keys };
      const said = await service().do({
        way: done,
        file,
        tree: join(folder, 'tree'),
        written: join(folder, WRITTEN),
        ...where,
      });
      if (said?.startsWith('the client has ended')) running = undefined;
      return said;
    };
  return {
    ...more,
    name,
    ways: Object.fromEntries(ways.map((done) => [done, way(done)])),
    keys: keysBy(way('small')),
    ...(tree && { tree: way('tree') }),
    ...(writes && { writes: WRITTEN }),
    close: async () => running?.stop(),
  };
}

const WRITTEN = 'written';
