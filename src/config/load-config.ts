/** Reads configuration files: the main file, and the files that it refers to. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Config } from './config.ts';
import { ConfigError, hintForFile } from './config-error.ts';
import type { CredentialConfig } from './credential.ts';
import type { Environment } from './expand.ts';
import type { FaultsConfig } from './faults.ts';
import { type ConfigWithSources, parseConfigWithSources, parseCredentials, parseFaults } from './parse-config.ts';

/** Bytes. A configuration of 1,000 buckets needs less than half of it. */
const MAX_FILE = 1_048_576;

/** @throws ConfigError with all problems, also if the file is unreadable. */
export async function loadConfig(file: string, env: Environment): Promise<Config> {
  return (await loadConfigWithSources(file, env)).config;
}

export interface LoadedConfig extends ConfigWithSources {
  /** SHA-256 of the text of the file, in hex. */
  readonly sha256: string;
}

/** Like loadConfig, with the sources of the values. @throws ConfigError with all problems. */
export async function loadConfigWithSources(file: string, env: Environment): Promise<LoadedConfig> {
  const text = await loadText(file);
  return { ...parseConfigWithSources(text, file, env), sha256: createHash('sha256').update(text).digest('hex') };
}

/** Loads `sigv4.credentials_file`. @throws ConfigError with all problems. */
export async function loadCredentials(file: string, env: Environment): Promise<readonly CredentialConfig[]> {
  return parseCredentials(await loadText(file), file, env);
}

/** Loads the file of `mizuchi-uploadr faults`. @throws ConfigError with all problems. */
export async function loadFaults(file: string, env: Environment): Promise<FaultsConfig> {
  return parseFaults(await loadText(file), file, env);
}

/** Reads a UTF-8 file of at most 1 MiB. @throws ConfigError with the reason if that fails. */
export async function loadText(file: string): Promise<string> {
  return decode(await readBytes(file), file);
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    // Not readFile: a pipe or a device may be endless.
    await using handle = await open(file);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of handle.createReadStream({ end: MAX_FILE, autoClose: false })) {
      chunks.push(chunk);
      length += chunk.length;
    }
    if (length <= MAX_FILE) return Buffer.concat(chunks);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw problemWith(file, `cannot be read (${code}); ${hintForFile(code)}`);
  }
  throw problemWith(file, 'is larger than 1 MiB; check the path: this may not be a configuration file');
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const before = bytes.toString('utf8').split('\ufffd', 1)[0]!.split('\n');
    const place = { line: before.length, column: before.at(-1)!.length + 1 };
    throw problemWith(file, 'the file is not valid UTF-8; save it as UTF-8', place);
  }
}

function problemWith(file: string, message: string, place = { line: 1, column: 1 }): ConfigError {
  return new ConfigError([{ file, ...place, path: '', message }]);
}
