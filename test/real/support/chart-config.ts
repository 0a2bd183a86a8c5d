/** The configuration file that the chart renders, given to `check` of the gateway. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SERVER } from '../../../src/config/server.ts';
import { CLI } from '../../support/gateway-process.ts';
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from '../../support/test-authority.ts';
import { endOf } from './cli-result.ts';

/** What Secrets contain: by the name of the key, or a secret that is long enough for all purposes. */
const CONTENTS: Readonly<Record<string, string>> = {
  'tls.crt': SERVER_CERTIFICATE,
  'tls.key': SERVER_KEY,
  'ca.crt': AUTHORITY,
};
const SECRET = 'a-secret-of-more-than-thirty-two-bytes';
/** Files of volumes. Those of `/spans` are written by the gateway. */
const MOUNTED = /(?<=: )\/(?:secrets|tls|client-ca|spans)\/\S+/g;

/** The variables of `extraEnv` in the example values. */
const ENVIRONMENT = { OTLP_TOKEN: 'token', STORE_REGION: 'eu-central-1' };

/** @throws Error with the output of `check` if it refuses the configuration. */
export async function checkRendered(text: string, folder: string): Promise<{ readonly skipped?: string }> {
  if (/^ {2}workers:/m.test(text) && !('workers' in SERVER.fields))
    return { skipped: 'this gateway has no server.workers' };
  const root = await mkdtemp(join(folder, 'config-'));
  for (const [path] of text.matchAll(MOUNTED)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (!path.startsWith('/spans/')) await writeFile(join(root, path), CONTENTS[path.split('/').at(-1)!] ?? SECRET);
  }
  const file = join(root, 'config.yaml');
  await writeFile(
    file,
    text.replace(MOUNTED, (path) => join(root, path)),
  );
  const env = { ...process.env, ...ENVIRONMENT };
  const child = spawn(process.execPath, [CLI, 'check', '--config', file], { env, stdio: 'pipe' });
  const { out, err } = await endOf(child);
  // Below that, it examines this machine, which is not the one of the pod: its ports and the names in its certificates.
  if (!out.includes(`${file} is valid.`)) throw new Error(out + err);
  return {};
}
