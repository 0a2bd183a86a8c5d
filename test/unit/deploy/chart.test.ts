/** The Helm chart follows the gateway: its version, and the sections of its configuration. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { CONFIG } from '../../../src/config/config.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const CHART = 'deploy/helm/mizuchi-uploadr';

describe('the Helm chart', () => {
  it('has the version of the gateway', () => {
    assert.equal(parse(read(`${CHART}/Chart.yaml`)).appVersion, JSON.parse(read('package.json')).version);
  });

  it('accepts every section of the configuration, and no other', () => {
    const { properties } = JSON.parse(read(`${CHART}/values.schema.json`));
    assert.deepEqual(Object.keys(properties.config.properties).sort(), Object.keys(CONFIG.fields).sort());
  });
});
