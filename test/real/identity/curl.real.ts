import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, it } from 'node:test';
import { type CliResult, endOf } from '../support/cli-result.ts';
import { DEVICE, describeIdentity } from '../support/identity-scene.ts';
import { sha256 } from '../support/stored-objects.ts';

describeIdentity('curl says who it is', (scene) => {
  const BYTES = randomBytes(3_000_000);
  before(() => writeFile(join(scene().folder, 'file'), BYTES));

  /** @returns what it wrote, the status on a line of its own behind it. */
  const curl = (...args: string[]): Promise<CliResult> =>
    endOf(
      spawn('curl', ['--silent', '--show-error', '--write-out', '\n%{http_code}', ...args], { cwd: scene().folder }),
    );
  const signs = (secret = DEVICE.secretAccessKey): string[] => [
    '--aws-sigv4',
    'aws:amz:us-east-1:s3',
    '--user',
    `${DEVICE.accessKeyId}:${secret}`,
  ];
  const url = (key: string): string => `${scene().gateway.url}/uploads/${key}`;
  const unsigned = ['--header', 'x-amz-content-sha256: UNSIGNED-PAYLOAD'];

  it('with --aws-sigv4', async () => {
    const { out, err } = await curl(...signs(), ...unsigned, '--upload-file', 'file', url('signed'));
    assert.equal(out, '\n200', err);
    assert.equal(await scene().stored.sha256('signed'), sha256(BYTES));
  });

  it('with --aws-sigv4 and without x-amz-content-sha256, which old versions do not send: it is told so', async () => {
    const { out } = await curl(...signs(), '--upload-file', 'file', url('without'));
    if (out === '\n200') return assert.equal(await scene().stored.sha256('without'), sha256(BYTES)); // a newer curl sends it
    assert.match(out, /<Code>[A-Za-z]+<\/Code><Message>[^<]*x-amz-content-sha256[^<]*<\/Message>[\s\S]*\n400$/);
    await assert.rejects(scene().stored.head('without'), { name: 'NotFound' });
  });

  it('with a wrong secret: the error shows what should have been signed', async () => {
    const { out } = await curl(...signs('guessed'), ...unsigned, '--upload-file', 'file', url('forged'));
    assert.match(
      out,
      /<Code>SignatureDoesNotMatch<\/Code>[\s\S]*<CanonicalRequest>PUT\n\/uploads\/forged\n[\s\S]*\n403$/,
    );
    await assert.rejects(scene().stored.head('forged'), { name: 'NotFound' });
  });

  it('with a bearer token, from a file and from stdin', async () => {
    const bearer = ['--header', `Authorization: Bearer ${await scene().provider.token()}`];
    const { out, err } = await curl(...bearer, '--upload-file', 'file', url('bearer'));
    assert.equal(out, '\n200', err);
    assert.equal(await scene().stored.sha256('bearer'), sha256(BYTES));
    const expired = await scene().provider.token({ exp: 1_700_000_000 });
    const refused = await curl('--header', `Authorization: Bearer ${expired}`, '--upload-file', 'file', url('expired'));
    assert.match(refused.out, /<Code>ExpiredToken<\/Code>[\s\S]*\n401$/);
  });
});
