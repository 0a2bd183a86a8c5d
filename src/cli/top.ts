/** `top`: the live view of a running gateway in a terminal, or once as text or JSON. */
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/expand.ts';
import { loadConfig } from '../config/load-config.ts';
import type { HealthDocument, UploadsDocument } from '../view/documents.ts';
import { AdminClient, type AdminTarget, configuredTarget } from './admin-client.ts';
import { type Documents, frame } from './top/frame.ts';
import { printable, printableJson } from './top/printable.ts';
import type { Terminal } from './top/screen.ts';
import { watch } from './top/watch.ts';

const DEFAULT_ORIGIN = 'http://127.0.0.1:9090';
/** Of the text outside of a terminal. */
const WIDTH = 160;
const MILLIS = 10_000;

export interface TopOptions {
  /** Of the admin port. */
  readonly admin?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly once?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** @param file the configuration; undefined without one. @returns the exit code: 0, or 1 if the gateway has no view to show. */
export async function top(
  file: string | undefined,
  env: Environment,
  terminal: Terminal,
  options: TopOptions,
): Promise<number> {
  try {
    const client = new AdminClient(await targetOf(file, env, options));
    await show(client, terminal, options);
    await client.close();
    return 0;
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(error instanceof ConfigError ? `${message}\n` : `error: ${printable(message)}\n`);
    return 1;
  }
}

/** `--admin` is another gateway than that of the configuration. */
async function targetOf(
  file: string | undefined,
  env: Environment,
  { admin, tokenFile }: TopOptions,
): Promise<AdminTarget> {
  if (admin !== undefined) return { origin: originOf(admin), tokenFile };
  if (file === undefined) return { origin: DEFAULT_ORIGIN, tokenFile };
  const target = configuredTarget(await loadConfig(file, env), file);
  if (target === undefined) throw new Error('the admin port is disabled; set admin.enabled and admin.view to true');
  return { ...target, tokenFile: tokenFile ?? target.tokenFile };
}

function originOf(admin: string): string {
  const url = URL.parse(admin);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  throw new Error('--admin is not an http or https URL; use one such as http://127.0.0.1:9090');
}

async function show(client: AdminClient, terminal: Terminal, { once, json }: TopOptions): Promise<void> {
  const { output } = terminal;
  const read = () => readDocuments(client);
  const first = await read();
  if (json === true) output.write(`${printableJson(first)}\n`);
  else if (once !== true && output.isTTY) await watch(first, read, terminal);
  else {
    const lines = frame(first, { width: output.isTTY ? output.columns : WIDTH });
    output.write(`${lines.map(({ text }) => text).join('\n')}\n`);
  }
}

async function readDocuments(client: AdminClient): Promise<Documents> {
  const [uploads, health] = await Promise.all([
    read<UploadsDocument>(client, '/api/uploads'),
    read<HealthDocument>(client, '/api/health'),
  ]);
  return { uploads, health };
}

/** @throws Error with the response if it is not the document. */
async function read<Document>(client: AdminClient, path: string): Promise<Document> {
  const { status, text } = await client.request('GET', path, MILLIS);
  if (status === 401)
    throw new Error(`${client.origin} requires its token (401); set --token-file to the file of admin.token_file`);
  if (status !== 200) throw new Error(`${client.origin}${path} responds with ${status}: ${reasonIn(text)}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${client.origin}${path} is not JSON; ${NOT_ADMIN}`, { cause });
  }
}

const NOT_ADMIN = 'is it the admin port of a gateway?';

/** The admin port responds with plain text. Others, such as the upload port, respond with XML or HTML. */
function reasonIn(text: string): string {
  const reason = text.trim();
  return reason === '' || reason.startsWith('<') ? NOT_ADMIN : reason;
}
