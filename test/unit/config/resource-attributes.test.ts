import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';
import { resourceAttributes } from '../../../src/config/resource-attributes.ts';
import { tracingConfig } from '../../support/tracing-config.ts';

describe('the resource', () => {
  it('identifies the service', () => {
    const attributes = resourceAttributes(tracingConfig('http://c', { environment: 'production' }), '1.2.3');
    const { 'service.instance.id': instance, ...rest } = attributes;
    assert.match(String(instance), /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, {
      'service.name': 'test',
      'service.version': '1.2.3',
      'deployment.environment.name': 'production',
      'host.name': hostname(),
      'process.pid': process.pid,
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.name': 'mizuchi-uploadr',
      'telemetry.sdk.version': '1.2.3',
    });
  });

  it('is overridden by the configuration', () => {
    const resource = {
      'service.version': '9',
      'host.name': 'other',
      'team.name': 'storage',
      'telemetry.sdk.name': 'x',
    };
    const attributes = resourceAttributes(tracingConfig('http://c', { resource }), '1.2.3');
    assert.equal(attributes['service.version'], '9');
    assert.equal(attributes['host.name'], 'other');
    assert.equal(attributes['team.name'], 'storage');
    assert.equal(attributes['telemetry.sdk.name'], 'mizuchi-uploadr', 'which is a fact');
    assert.equal('deployment.environment.name' in attributes, false);
  });
});
