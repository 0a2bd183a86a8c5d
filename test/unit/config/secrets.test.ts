import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

/** Everything that is said about a file, down to the fields of the error. */
function said(text: string, env: Record<string, string> = {}): string {
  try {
    parseConfig(text, 'config.yaml', env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return `${error.message} ${JSON.stringify(error)} ${JSON.stringify(error.problems)} ${error.cause ?? ''} ${error.stack}`;
  }
  return '';
}

const bucket = (s3: string) => `buckets: [{ name: uploads, s3: { bucket: my-bucket, ${s3} } }]\n`;

describe('a configuration problem', () => {
  it('does not contain an invalid secret', () => {
    const wrong = [
      bucket('access_key: "hush/hush", secret_key: b'),
      bucket('access_key: a, secret_key: "hush\\nhush"'),
      bucket('access_key: a, secret_key: " hush"'),
      bucket('access_key: hush'),
      bucket('secret_key: hush'),
      bucket('session_token: hush'),
      bucket('secret_key: [hush]'),
      bucket('secret_key: { hush: hush }').replace('{ hush:', '{ a:'),
      bucket('endpoint: "http://user:hush@host"'),
      bucket('endpoint: "http://host?token=hush"'),
      bucket('secret_keyy: hush'),
      `${bucket('')}tracing: { otlp: { headers: { x-api-key: "hush\\nhush" } } }`,
      `${bucket('')}tracing: { otlp: { headers: { "x key": "hush" } } }`,
      `${bucket('')}tracing: { otlp: { endpoint: "http://hush@host" } }`,
      `${bucket('')}tracing: { otlp: { endpoint: "http://host:4317/hush" } }`,
    ];
    for (const text of wrong) {
      assert.notEqual(said(text), '', text);
      assert.doesNotMatch(said(text), /hush/, text);
    }
  });

  it('does not contain a value from the environment', () => {
    const wrong = [
      bucket(`region: "\${V}"`),
      bucket(`region: "a b \${V:-x}"`),
      bucket(`path_style: "\${V}"`),
      `${bucket('')}metrics: { port: "\${V}" }`,
      `${bucket('')}metrics: { address: "\${V} x" }`,
      `${bucket('')}logging: { level: "\${V}" }`,
      `${bucket('')}server: { address: "\${V}" }`,
      `${bucket('')}buckets: "\${V}"`,
    ];
    for (const text of wrong) {
      assert.notEqual(said(text, { V: 'hush hush' }), '', text);
      assert.doesNotMatch(said(text, { V: 'hush hush' }), /hush/, text);
    }
    assert.match(said(wrong[0]!, { V: 'hush hush' }), /the value \(with \$\{V\}\) is not a region name/);
  });

  it('does not quote a file that is not YAML', () => {
    const wrong = [
      'secret_key: "hush',
      'secret_key: hush: hush',
      'secret_key: [hush]hush',
      'secret_key: "hush" hush',
      '\tsecret_key: hush\n\thush: 1',
      'secret_key: @hush',
      'secret_key: "\\qhush"',
      'secret_key: !hush hush',
      '%hush\n---\na: b',
      'secret_key: *hush hush',
      'hush hush\nhush: hush',
      "a: 'hush\nb: c",
      '- hush\nhush: - hush',
    ];
    for (const text of wrong) {
      assert.notEqual(said(text), '', text);
      assert.doesNotMatch(said(text), /hush/, text);
    }
  });
});
