/**
 * JSON schemas of Kubernetes objects for kubeconform: of the OpenAPI document of the installed kube-apiserver, and of the installed custom
 * resource definitions. They refuse unknown fields.
 */
import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { binary } from './real-server.ts';

interface Schema {
  readonly [name: string]: unknown;
}
interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** The custom resource definitions that the chart has objects of: one file each. */
export function customResourceDefinitions(): string[] {
  const folder = dirname(realpathSync(binary('kubernetes-crds')));
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => join(folder, file));
}

/** @returns the location to give to kubeconform. */
export function writeSchemas(folder: string): string {
  const write = ({ group, version, kind }: Kind, schema: Schema): void => {
    const suffix = [group.split('.')[0], version].filter(Boolean).join('-');
    writeFileSync(join(folder, `${kind}-${suffix}.json`.toLowerCase()), JSON.stringify(schema));
  };
  for (const [kind, schema] of builtInSchemas()) write(kind, schema);
  for (const file of customResourceDefinitions()) {
    const { spec } = parse(readFileSync(file, 'utf8'));
    for (const { name, schema } of spec.versions)
      write({ group: spec.group, version: name, kind: spec.names.kind }, strict(schema.openAPIV3Schema));
  }
  return join(folder, '{{.ResourceKind}}{{.KindSuffix}}.json');
}

function* builtInSchemas(): Generator<[Kind, Schema]> {
  const file = join(dirname(realpathSync(binary('kube-apiserver'))), 'swagger.json');
  const { definitions } = JSON.parse(readFileSync(file, 'utf8')) as { definitions: Record<string, Schema> };
  const strictOnes = Object.fromEntries(Object.entries(definitions).map(([name, each]) => [name, strict(each)]));
  for (const [name, schema] of Object.entries(definitions))
    for (const kind of (schema['x-kubernetes-group-version-kind'] as Kind[] | undefined) ?? [])
      yield [kind, { $ref: `#/definitions/${name}`, definitions: reachable(name, strictOnes) }];
}

/** The definitions to which this one refers, itself included. */
function reachable(name: string, definitions: Record<string, Schema>): Record<string, Schema> {
  const names = new Set([name]);
  for (const each of names)
    for (const [, other] of JSON.stringify(definitions[each]).matchAll(/"#\/definitions\/([^"]+)"/g)) names.add(other!);
  return Object.fromEntries([...names].map((each) => [each, definitions[each]!]));
}

/** Objects with named fields have no others. Numbers are allowed where Kubernetes allows them in place of strings. */
function strict(schema: Schema): Schema {
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string')
    return { type: ['integer', 'string'] };
  if (String(schema.description).startsWith('Quantity is')) return { type: ['number', 'string'] };
  const { properties, items, additionalProperties, format: _, ...rest } = schema;
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties !== undefined;
  return {
    ...rest,
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: strict(additionalProperties as Schema) }
      : {}),
    ...(items === undefined ? {} : { items: strict(items as Schema) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties as Record<string, Schema>).map(([name, each]) => [name, strict(each)]),
          ),
          ...(open ? {} : { additionalProperties: false }),
        }),
  };
}
