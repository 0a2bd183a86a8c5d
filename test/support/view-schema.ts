/** Compares documents of the live view with their schema. A field that the schema does not have is an error, too. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const FILE = new URL('../../docs/view-api.schema.json', import.meta.url);

export interface ViewSchema {
  /** @throws AssertionError */
  assert(definition: string, document: unknown): void;
}

export function viewSchema(): ViewSchema {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  ajv.addSchema(JSON.parse(readFileSync(FILE, 'utf8'), closed), 'view');
  return {
    assert(definition, document) {
      const validate = ajv.getSchema(`view#/$defs/${definition}`)!;
      assert.ok(validate(document), `${definition}: ${ajv.errorsText(validate.errors)}`);
    },
  };
}

function closed(_: string, value: { readonly properties?: object }): object {
  return typeof value === 'object' && value?.properties !== undefined && !Array.isArray(value)
    ? { ...value, additionalProperties: false }
    : value;
}
