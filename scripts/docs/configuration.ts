/** Renders docs/configuration.md, the reference of the configuration file, from its fields. */
import { readFileSync } from 'node:fs';
import { CONFIG } from '../../src/config/config.ts';
import type { Field, ObjectField } from '../../src/config/field.ts';
import { fileKey, mayBeInFile } from '../../src/config/read-field.ts';
import { code, head, table } from './markdown.ts';

const EXAMPLE = new URL('../../config.example.yaml', import.meta.url);

export function renderConfiguration(): string {
  return `${[head('Configuration'), INTRODUCTION, ...sections('', CONFIG), EXPANSION, RULES, example()].join('\n')}`;
}

const INTRODUCTION = `The gateway reads one YAML file: \`--config FILE\`, or the path in \`MIZUCHI_CONFIG\`. \`mizuchi-uploadr check --config FILE\`
reports every problem with its line, its column and a fix, or prints the effective settings. The tables are generated from the
fields in \`src/config/\`. Fields marked **required** have no default; fields with the default *none* are optional.
`;

/** A table for the fields of this object, then those of the objects in it. */
function sections(path: string, field: ObjectField<unknown>): string[] {
  const fields = Object.entries(field.fields);
  const rows = fields.flatMap(([key, child]) => {
    const row = [code(key), typeOf(child), defaultOf(child), child.prose];
    return mayBeInFile(child) ? [row, [code(fileKey(key)), 'string', '*none*', inFile(key, child)]] : [row];
  });
  const own = [title(path), '', field.prose, '', table(['field', 'type', 'default', 'description'], rows), ''];
  return [
    own.join('\n'),
    ...fields.flatMap(([key, child]) => sectionsBelow(path === '' ? key : `${path}.${key}`, child)),
  ];
}

function sectionsBelow(path: string, field: Field): string[] {
  if (field.kind === 'list') return sectionsBelow(`${path}[]`, field.item);
  return field.kind === 'object' ? sections(path, field) : [];
}

function inFile(key: string, field: Field): string {
  const content = field.kind === 'list' ? 'the secrets, one on each line' : 'the value';
  return `Instead of ${code(key)}: a file with ${content}.`;
}

const title = (path: string): string => (path === '' ? '## The file' : `## ${code(path)}`);

function typeOf(field: Field): string {
  if (field.kind === 'list') return field.item.kind === 'scalar' ? `list of ${field.item.type}` : 'list of mappings';
  return field.kind === 'object' ? 'mapping' : field.type;
}

function defaultOf(field: Field): string {
  if (field.kind === 'map') return 'empty';
  if ((field.kind === 'object' || field.kind === 'list') && field.optional) return '*none*';
  if (field.kind === 'object') return field.absent === undefined ? '**required**' : 'see below';
  if (field.kind === 'list') return field.derived?.text ?? '**required**';
  const { fallback } = field;
  if (fallback.kind === 'required') return '**required**';
  if (fallback.kind === 'optional') return '*none*';
  return fallback.kind === 'derived' ? fallback.text : code(field.write(fallback.value));
}

const EXPANSION = `## Environment variables

Values, but not keys, can contain environment variables:

| syntax | meaning |
| --- | --- |
| \`\${VAR}\` | the value of \`VAR\`. It is an error if \`VAR\` is not set; an empty value is allowed. |
| \`\${VAR:-text}\` | the value of \`VAR\`, or \`text\` if it is not set or empty. The text cannot contain \`}\` or another variable. |
| \`$\${\` | a literal \`\${\`. A \`$\` without a brace has no special meaning. |

Variables are expanded after the YAML is parsed, so a value cannot become syntax. Quote these values: inside \`{ }\` and \`[ ]\`
YAML reads an unquoted \`\${\` as a bracket. Error messages never quote secrets or values from the environment.
`;

const RULES = `## How values are read

- The field defines the type of its value: \`port: "9090"\` and \`port: \${PORT:-9090}\` are numbers, \`service_name: 123\` is the
  string \`123\`, and \`1.10\` stays \`1.10\`. Booleans are \`true\` and \`false\` only.
- An empty value, \`~\` and \`null\` count as absent: the default applies, a required field is missing, and an entry of
  \`headers\` or \`resource\` is omitted. For example, \`x-api-key: "\${OTLP_API_KEY:-}"\` sends the header only if there is a key.
- A secret may be in a separate file: \`secret_key_file: /run/secrets/store\` instead of \`secret_key\`. The path is relative to this
  file, and an end of line at the end does not count. The files are read again on SIGHUP and when they change.
- Unknown keys, duplicate keys, tags and a second document are errors. Anchors, aliases and the merge key \`<<\` work: the first
  bucket's \`s3: &store { … }\` can be reused as \`s3: { <<: *store, bucket: other }\`.
- The file is UTF-8 and at most 1 MiB.
`;

function example(): string {
  return `## Example\n\n\`config.example.yaml\`, which is valid as it is:\n\n\`\`\`yaml\n${readFileSync(EXAMPLE, 'utf8')}\`\`\`\n`;
}
