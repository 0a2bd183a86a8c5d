/** Renders docs/view-api.schema.json (JSON Schema 2020-12) from the interfaces of the documents. */
import { readFileSync } from 'node:fs';
import { type Declaration, type Field, parseInterfaces, type Type } from './parse-interfaces.ts';

const SOURCE = new URL('../../../src/view/documents.ts', import.meta.url);

const PRIMITIVES = ['string', 'number', 'boolean', 'null'];

export function viewDeclarations(): readonly Declaration[] {
  return parseInterfaces(readFileSync(SOURCE, 'utf8'));
}

export function renderViewSchema(): string {
  const declarations = viewDeclarations();
  const documents = declarations.filter(({ name }) => name.endsWith('Document'));
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Documents of the live view of mizuchi-uploadr',
    description:
      'Each document of /api/ has a definition here. Times are Unix time in milliseconds, durations are in seconds, sizes in bytes. Later versions may add fields.',
    anyOf: documents.map(({ name }) => ref(name)),
    $defs: Object.fromEntries(declarations.map((each) => [each.name, fieldSchema(each)])),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

const ref = (name: string): object => ({ $ref: `#/$defs/${name}` });

function fieldSchema({ comment, type }: Field): object {
  return { ...(comment !== '' && { description: comment }), ...schemaOf(type) };
}

function schemaOf(type: Type): object {
  switch (type.kind) {
    case 'name':
      return PRIMITIVES.includes(type.name) ? { type: type.name } : ref(type.name);
    case 'literal':
      return { const: type.value };
    case 'list':
      return { type: 'array', items: schemaOf(type.of) };
    case 'object':
      return {
        type: 'object',
        properties: Object.fromEntries(type.fields.map((field) => [field.name, fieldSchema(field)])),
        required: type.fields.map(({ name }) => name),
      };
    case 'union':
      return unionSchema(type.of);
  }
}

function unionSchema(types: readonly Type[]): object {
  const values = types.map((type) => (type.kind === 'literal' ? type.value : isNull(type) ? null : undefined));
  if (!values.includes(undefined)) return { enum: values };
  const names = types.map((type) => (type.kind === 'name' ? type.name : ''));
  if (names.every((name) => PRIMITIVES.includes(name))) return { type: names };
  return { anyOf: types.map(schemaOf) };
}

const isNull = (type: Type): boolean => type.kind === 'name' && type.name === 'null';
