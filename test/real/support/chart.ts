/** The Helm chart: its example values, and its objects as Helm renders them. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { binary } from './real-server.ts';

export const CHART: string = fileURLToPath(new URL('../../../deploy/helm/mizuchi-uploadr', import.meta.url));
export const NAMESPACE = 'uploads';

/** The example values by name. */
export const EXAMPLES: ReadonlyMap<string, string> = new Map(
  readdirSync(`${CHART}/ci`).map((file) => [file.replace('-values.yaml', ''), `${CHART}/ci/${file}`]),
);

export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // biome-ignore lint/suspicious/noExplicitAny: objects of every kind
  readonly [field: string]: any;
}

/** @throws Error with the standard error of the command if it fails. */
export async function run(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return promisify(execFile)(binary(name), args, { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 ** 2 });
}

/** @param more further arguments of Helm, such as `--set`. */
export async function render(values: string, more: readonly string[] = []): Promise<string> {
  const { stdout } = await run('helm', ['template', 'example', CHART, '-n', NAMESPACE, '-f', values, ...more]);
  return stdout;
}

export function objectsOf(text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => (document.contents === null ? [] : [document.toJS()]));
}

export function find(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const found = objects.find((each) => each.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} among ${objects.map((each) => each.kind).join(', ')}`);
  return found;
}
