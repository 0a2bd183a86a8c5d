/**
 * Parses the text of a configuration file into the configuration, or into all of its problems. The only
 * other files that it reads contain one secret each.
 */
import { isMap } from 'yaml';
import { CONFIG, type Config } from './config.ts';
import { ConfigError, type Problem } from './config-error.ts';
import { CREDENTIALS_FILE, type CredentialConfig } from './credential.ts';
import type { Environment } from './expand.ts';
import { FAULTS_FILE, type FaultsConfig } from './faults.ts';
import type { ObjectField } from './field.ts';
import { withEnvironment } from './otel-environment.ts';
import { readField } from './read-field.ts';
import { type Found, Reading } from './reading.ts';
import { secretReader } from './secret-file.ts';
import type { VariableWarning } from './variable-warning.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';

/**
 * @param file the name of the file in problems.
 * @param env the variables for `${VAR}`.
 * @throws ConfigError with all problems, in the order of the file.
 */
export function parseConfig(text: string, file: string, env: Environment): Config {
  return parseConfigWithSources(text, file, env).config;
}

/** Like parseConfig, with the sources of the values and the ignored OpenTelemetry variables. */
export function parseConfigWithSources(text: string, file: string, env: Environment): ConfigWithSources {
  const given = new Set<string>();
  const secretFiles = new Set<string>();
  const config = parse(CONFIG, BEGIN, text, file, env, { given, secretFiles });
  const { sources, warnings, ...sections } = withEnvironment(config, given, env);
  return { config: { ...config, ...sections }, sources, given, warnings, secretFiles: [...secretFiles] };
}

export interface ConfigWithSources {
  readonly config: Config;
  readonly sources: ReadonlyMap<string, string>;
  /** Paths that the file sets. */
  readonly given: ReadonlySet<string>;
  /** Absolute paths of the files that contain secrets of the configuration. */
  readonly secretFiles: readonly string[];
  /** OpenTelemetry variables that are ignored. */
  readonly warnings: readonly VariableWarning[];
}

const BEGIN = 'start with "buckets:"; config.example.yaml is a complete example';

/** Like parseConfig, for `credentials_file`. */
export function parseCredentials(text: string, file: string, env: Environment): readonly CredentialConfig[] {
  return parse(CREDENTIALS_FILE, 'start with "credentials:"', text, file, env).credentials;
}

/** Like parseConfig, for the file of `mizuchi-uploadr faults`. */
export function parseFaults(text: string, file: string, env: Environment): FaultsConfig {
  return parse(FAULTS_FILE, 'start with "faults:"', text, file, env);
}

interface Collected {
  /** Paths that the file sets. */
  readonly given: Set<string>;
  /** Absolute paths of files with secrets. */
  readonly secretFiles: Set<string>;
}

function parse<T>(
  field: ObjectField<T>,
  hint: string,
  text: string,
  file: string,
  env: Environment,
  { given, secretFiles }: Collected = { given: new Set(), secretFiles: new Set() },
): T {
  const document = readYaml(text);
  const reading = new Reading(document, env, secretReader(file, secretFiles));
  for (const { offset, complaint } of document.mistakes) reading.complain({ path: '', offset }, complaint);
  const value = reading.found.length === 0 ? readRoot(reading, field, hint, document) : undefined;
  if (reading.found.length > 0) throw new ConfigError(problemsOf(file, document, reading.found));
  for (const path of reading.given) given.add(path);
  return value as T;
}

function readRoot<T>(reading: Reading, field: ObjectField<T>, hint: string, { root }: YamlDocument): unknown {
  const place = { path: '', offset: 0 };
  if (isMap(root)) return readField(reading, field, root, place);
  reading.complain(place, { wrong: root === null ? 'the file is empty' : 'the file is not a mapping', hint });
  return undefined;
}

function problemsOf(file: string, document: YamlDocument, found: readonly Found[]): Problem[] {
  return found
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, path, message }) => ({ file, ...document.lineAndColumn(offset), path, message }));
}
