/** From the text of a configuration file to the configuration, or to everything that is wrong with it. Pure. */
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
import type { VariableWarning } from './variable-warning.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';

/**
 * @param file how the file is called in problems.
 * @param env where `${VAR}` is looked up.
 * @throws ConfigError with all problems, in the order of the file.
 */
export function parseConfig(text: string, file: string, env: Environment): Config {
  return parseConfigWithSources(text, file, env).config;
}

/** The same, and which settings a variable of OpenTelemetry has decided, and which variables are not followed. */
export function parseConfigWithSources(text: string, file: string, env: Environment): ConfigWithSources {
  const given = new Set<string>();
  const config = parse(CONFIG, BEGIN, text, file, env, given);
  const { tracing, sources, warnings } = withEnvironment(config.tracing, given, env);
  return { config: { ...config, tracing }, sources, given, warnings };
}

export interface ConfigWithSources {
  readonly config: Config;
  readonly sources: ReadonlyMap<string, string>;
  /** Paths of all that the file says. */
  readonly given: ReadonlySet<string>;
  /** Variables of OpenTelemetry that are not followed. */
  readonly warnings: readonly VariableWarning[];
}

const BEGIN = 'begin with "buckets:"; config.example.yaml shows a whole configuration';

/** The same for a file that `credentials_file` names. */
export function parseCredentials(text: string, file: string, env: Environment): readonly CredentialConfig[] {
  return parse(CREDENTIALS_FILE, 'begin with "credentials:"', text, file, env).credentials;
}

/** The same for the plan of `mizuchi-uploadr faults`. */
export function parseFaults(text: string, file: string, env: Environment): FaultsConfig {
  return parse(FAULTS_FILE, 'begin with "faults:"', text, file, env);
}

/** @param given is told the paths of all that the file gives a value for. */
function parse<T>(
  field: ObjectField<T>,
  mend: string,
  text: string,
  file: string,
  env: Environment,
  given?: Set<string>,
): T {
  const document = readYaml(text);
  const reading = new Reading(document, env);
  for (const { offset, complaint } of document.mistakes) reading.complain({ path: '', offset }, complaint);
  const value = reading.found.length === 0 ? readRoot(reading, field, mend, document) : undefined;
  if (reading.found.length > 0) throw new ConfigError(problemsOf(file, document, reading.found));
  for (const path of reading.given) given?.add(path);
  return value as T;
}

function readRoot<T>(reading: Reading, field: ObjectField<T>, mend: string, { root }: YamlDocument): unknown {
  const place = { path: '', offset: 0 };
  if (isMap(root)) return readField(reading, field, root, place);
  reading.complain(place, { wrong: root === null ? 'the file is empty' : 'the file is not a mapping', mend });
  return undefined;
}

function problemsOf(file: string, document: YamlDocument, found: readonly Found[]): Problem[] {
  return found
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, path, message }) => ({ file, ...document.lineAndColumn(offset), path, message }));
}
