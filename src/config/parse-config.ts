/** From the text of a configuration file to the configuration, or to everything that is wrong with it. Pure. */
import { isMap } from 'yaml';
import { CONFIG, type Config } from './config.ts';
import { ConfigError, type Problem } from './config-error.ts';
import type { Environment } from './expand.ts';
import { readField } from './read-field.ts';
import { type Found, Reading } from './reading.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';

/**
 * @param file how the file is called in problems.
 * @param env where `${VAR}` is looked up.
 * @throws ConfigError with all problems, in the order of the file.
 */
export function parseConfig(text: string, file: string, env: Environment): Config {
  const document = readYaml(text);
  const reading = new Reading(document, env);
  for (const { offset, complaint } of document.mistakes) reading.complain({ path: '', offset }, complaint);
  const config = reading.found.length === 0 ? readRoot(reading, document) : undefined;
  if (reading.found.length > 0) throw new ConfigError(problemsOf(file, document, reading.found));
  return config as Config;
}

function readRoot(reading: Reading, { root }: YamlDocument): unknown {
  const place = { path: '', offset: 0 };
  if (isMap(root)) return readField(reading, CONFIG, root, place);
  const wrong = root === null ? 'the file is empty' : 'the file is not a mapping';
  reading.complain(place, { wrong, mend: 'begin with "buckets:"; config.example.yaml shows a whole configuration' });
  return undefined;
}

function problemsOf(file: string, document: YamlDocument, found: readonly Found[]): Problem[] {
  return found
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, path, message }) => ({ file, ...document.lineAndColumn(offset), path, message }));
}
