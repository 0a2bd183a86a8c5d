/** Renders docs/configuration.md: the reference of the configuration file, made from its fields. */
import { readFileSync } from 'node:fs';
import { CONFIG } from '../../src/config/config.ts';
import type { Field, ObjectField } from '../../src/config/field.ts';
import { code, head, table } from './markdown.ts';

const EXAMPLE = new URL('../../config.example.yaml', import.meta.url);

export function renderConfiguration(): string {
  return `${[head('Configuration'), INTRODUCTION, ...sections('', CONFIG), EXPANSION, RULES, example()].join('\n')}`;
}

const INTRODUCTION = `The gateway reads one YAML file: \`--config FILE\`, or the file that \`MIZUCHI_CONFIG\` names. \`mizuchi-uploadr check --config FILE\`
says everything that is wrong with it, each with line and column and how to mend it, or what would run. The tables are made from
the fields in \`src/config/\`. A field without a default must be given; where the default says *none*, the field may be left out.
`;

/** A table for the fields of this object, then those of the objects in it. */
function sections(path: string, field: ObjectField<unknown>): string[] {
  const fields = Object.entries(field.fields);
  const rows = fields.map(([key, child]) => [code(key), typeOf(child), defaultOf(child), child.prose]);
  const own = [title(path), '', field.prose, '', table(['field', 'type', 'default', 'what it does'], rows), ''];
  return [
    own.join('\n'),
    ...fields.flatMap(([key, child]) => sectionsBelow(path === '' ? key : `${path}.${key}`, child)),
  ];
}

function sectionsBelow(path: string, field: Field): string[] {
  if (field.kind === 'list') return sectionsBelow(`${path}[]`, field.item);
  return field.kind === 'object' ? sections(path, field) : [];
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
  if (field.kind === 'list') return '**required**';
  const { fallback } = field;
  if (fallback.kind === 'required') return '**required**';
  if (fallback.kind === 'optional') return '*none*';
  return fallback.kind === 'derived' ? fallback.text : code(field.write(fallback.value));
}

const EXPANSION = `## Environment variables

Values (never keys) may hold environment variables, several of them if need be:

| written | means |
| --- | --- |
| \`\${VAR}\` | the value of \`VAR\`. That it is not set is an error; set but empty is allowed. |
| \`\${VAR:-text}\` | the value of \`VAR\`, or \`text\` where it is not set or empty. The text cannot hold \`}\` or another variable. |
| \`$\${\` | a literal \`\${\`. A \`$\` without a brace means nothing. |

They are replaced after YAML has been read, so that no value can become syntax. Put such values in quotes: within \`{ }\` and \`[ ]\`
YAML takes an unquoted \`\${\` for brackets. Neither a secret nor a value that came from the environment is ever quoted in an error.
`;

const RULES = `## How values are read

- The field decides what a text means, not its look: \`port: "9090"\` and \`port: \${PORT:-9090}\` give a number, \`service_name: 123\`
  gives the text \`123\`, \`1.10\` stays \`1.10\`. Booleans are \`true\` and \`false\` only.
- An empty value, \`~\` and \`null\` mean that nothing is given: the default holds, a required field is missing, and an entry of
  \`headers\` or \`resource\` is left out. So \`x-api-key: "\${OTLP_API_KEY:-}"\` sends the header only if there is a key.
- Unknown keys, keys given twice, tags and a second document are errors. Anchors, aliases and the merge key \`<<\` work: the first
  bucket's \`s3: &store { … }\` serves another as \`s3: { <<: *store, bucket: other }\`.
- The file is UTF-8 and at most 1 MiB.
`;

function example(): string {
  return `## An example\n\n\`config.example.yaml\`, which starts as it is:\n\n\`\`\`yaml\n${readFileSync(EXAMPLE, 'utf8')}\`\`\`\n`;
}
