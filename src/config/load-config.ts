/** Reads the files of the configuration: the one that is named, and those that it names. */
import { open } from 'node:fs/promises';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import type { CredentialConfig } from './credential.ts';
import type { Environment } from './expand.ts';
import type { FaultsConfig } from './faults.ts';
import { type ConfigWithSources, parseConfigWithSources, parseCredentials, parseFaults } from './parse-config.ts';

/** Bytes. A thousand buckets take less than half of it. */
const MAX_FILE = 1_048_576;

/** @throws ConfigError with all problems, a file that cannot be read included. */
export async function loadConfig(file: string, env: Environment): Promise<Config> {
  return (await loadConfigWithSources(file, env)).config;
}

/** The same, and where its values come from that the file does not say. @throws ConfigError with all problems. */
export async function loadConfigWithSources(file: string, env: Environment): Promise<ConfigWithSources> {
  return parseConfigWithSources(await loadText(file), file, env);
}

/** What `sigv4.credentials_file` names. @throws ConfigError with all problems. */
export async function loadCredentials(file: string, env: Environment): Promise<readonly CredentialConfig[]> {
  return parseCredentials(await loadText(file), file, env);
}

/** The plan of `mizuchi-uploadr faults`. @throws ConfigError with all problems. */
export async function loadFaults(file: string, env: Environment): Promise<FaultsConfig> {
  return parseFaults(await loadText(file), file, env);
}

/** A UTF-8 file of at most 1 MiB. @throws ConfigError that says why it cannot be had. */
export async function loadText(file: string): Promise<string> {
  return decode(await readBytes(file), file);
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    // Not readFile: a pipe or a device may have no end.
    await using handle = await open(file);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of handle.createReadStream({ end: MAX_FILE, autoClose: false })) {
      chunks.push(chunk);
      length += chunk.length;
    }
    if (length <= MAX_FILE) return Buffer.concat(chunks);
  } catch (error) {
    throw problemWith(file, `cannot be read (${(error as NodeJS.ErrnoException).code}); ${mendOf(error)}`);
  }
  throw problemWith(file, 'is larger than 1 MiB; check that this is the configuration');
}

function mendOf(error: unknown): string {
  const mends: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file: check the path',
    EACCES: 'give the user that runs the gateway the right to read it',
    EISDIR: 'it is a directory: name a file in it',
  };
  return mends[String((error as NodeJS.ErrnoException).code)] ?? 'check the path and the file';
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const before = bytes.toString('utf8').split('\ufffd', 1)[0]!.split('\n');
    const place = { line: before.length, column: before.at(-1)!.length + 1 };
    throw problemWith(file, 'the file is not UTF-8 from here on; save it as UTF-8', place);
  }
}

function problemWith(file: string, message: string, place = { line: 1, column: 1 }): ConfigError {
  return new ConfigError([{ file, ...place, path: '', message }]);
}
