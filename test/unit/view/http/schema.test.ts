/** docs/view-api.schema.json describes what is sent; the schema itself is generated from src/view/documents.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderViewSchema } from '../../../../scripts/docs/view-api/schema.ts';
import { FakeViewSource, fakeUpload } from '../../../support/fake-view-source.ts';
import { viewSchema } from '../../../support/view-schema.ts';

describe('the schema of the view', () => {
  const source = new FakeViewSource();
  const schema = viewSchema();

  it('describes every document', async () => {
    schema.assert('ViewDocument', source.view());
    schema.assert('UploadsDocument', await source.uploads());
    schema.assert('TracesDocument', await source.traces());
    schema.assert('HealthDocument', await source.health());
    schema.assert('ConfigDocument', await source.config());
  });

  it('permits no other values', async () => {
    const document = await source.uploads();
    for (const change of [
      { waiting_for: 'nothing' },
      { received_bytes: '1' },
      { stage: null },
      { bucket: undefined },
    ]) {
      const uploads = [{ ...fakeUpload(), ...change }];
      assert.throws(() => schema.assert('UploadsDocument', JSON.parse(JSON.stringify({ ...document, uploads }))));
    }
    assert.throws(() => schema.assert('UploadsDocument', { ...document, unknown: 1 }));
  });

  it('has a description of every type', () => {
    const { $defs } = JSON.parse(renderViewSchema());
    const named = ['Limit', 'Setting', 'Certificate', 'FailureExample', 'Side', 'ServiceKind'];
    const silent = Object.keys($defs).filter((name) => $defs[name].description === undefined);
    assert.deepEqual(
      silent.filter((name) => !named.includes(name)),
      [],
    );
  });
});
