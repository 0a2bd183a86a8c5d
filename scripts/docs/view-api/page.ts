/** Renders docs/view-api.md: the guide next to this file, then the fields of all documents. */
import { readFileSync } from 'node:fs';
import { code, head, table } from '../markdown.ts';
import type { Declaration, Field, Type } from './parse-interfaces.ts';
import { viewDeclarations } from './schema.ts';

export function renderViewApi(): string {
  const declarations = viewDeclarations();
  const documents = declarations.filter(({ name }) => name.endsWith('Document'));
  const others = declarations.filter((each) => !documents.includes(each));
  const guide = readFileSync(new URL('./guide.md', import.meta.url), 'utf8').trimEnd();
  const parts = [
    head('The API of the live view'),
    guide,
    '\n## Documents',
    ...documents.map(section),
    '\n## Their parts',
    ...others.map(section),
  ];
  return `${parts.join('\n')}\n`;
}

function section({ name, comment, type }: Declaration): string {
  const about = comment === '' ? '' : `\n${comment}\n`;
  if (type.kind !== 'object') return `\n### ${name}\n${about}\n${textOf(type)}`;
  return `\n### ${name}\n${about}\n${table(
    ['field', 'type', 'meaning'],
    type.fields.flatMap((field) => rows(field)),
  )}`;
}

/** The fields of an object that has no name are rows as well. */
function rows({ name, comment, type }: Field, prefix = ''): string[][] {
  const own = [[code(prefix + name), textOf(type), comment]];
  return [...own, ...fieldsIn(type).flatMap((field) => rows(field, `${prefix}${name}.`))];
}

function fieldsIn(type: Type): readonly Field[] {
  if (type.kind === 'object') return type.fields;
  return type.kind === 'union' ? type.of.flatMap(fieldsIn) : [];
}

function textOf(type: Type): string {
  switch (type.kind) {
    case 'name':
      return /^[A-Z]/.test(type.name) ? `[${type.name}](#${type.name.toLowerCase()})` : type.name;
    case 'literal':
      return code(type.value);
    case 'list':
      return `list of ${textOf(type.of)}`;
    case 'object':
      return 'object';
    case 'union':
      return type.of
        .map(textOf)
        .join(', ')
        .replace(/, ([^,]*)$/, ' or $1');
  }
}
