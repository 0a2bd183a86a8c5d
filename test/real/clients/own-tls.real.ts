import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from '../../support/test-authority.ts';
import { AwsCli } from '../support/aws-cli.ts';
import { type CliResult, endOf } from '../support/cli-result.ts';
import { BUCKET } from '../support/gateway-in-front.ts';
import { DEVICE, type IdentityScene, openIdentityScene } from '../support/identity-scene.ts';
import { sha256 } from '../support/stored-objects.ts';

const MIB = 1024 * 1024;
const LARGE = randomBytes(30 * MIB);
const SMALL = randomBytes(1000);

// Over TLS the CLI sends bodies unsigned, in frames, with a trailer and without a length.
describe('clients over the TLS of the gateway itself', () => {
  let folder: string;
  let authority: string;
  let scene: IdentityScene;
  let url: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-own-tls-'));
    authority = join(folder, 'authority.pem');
    const [cert_file, key_file] = [join(folder, 'server.pem'), join(folder, 'server.key')];
    await writeFile(authority, AUTHORITY);
    await writeFile(cert_file, SERVER_CERTIFICATE);
    await writeFile(key_file, SERVER_KEY);
    await writeFile(join(folder, 'large'), LARGE);
    await writeFile(join(folder, 'small'), SMALL);
    scene = await openIdentityScene('MinIO', { server: { tls: { cert_file, key_file } } });
    url = scene.gateway.url.replace('http:', 'https:');
  });
  after(async () => {
    await scene?.close();
    await rm(folder, { recursive: true });
  });
  const holds = async (key: string, bytes: Buffer): Promise<void> =>
    assert.equal(await scene.stored.sha256(key), sha256(bytes));
  const succeed = ({ code, err }: CliResult): void => assert.equal(code, 0, err);

  it('the AWS CLI: a file, 30 MiB in parts, and from stdin', async () => {
    const aws = new AwsCli(url, folder, authority).as(DEVICE);
    succeed(await aws.run(['s3', 'cp', 'small', `s3://${BUCKET}/small`]));
    succeed(await aws.run(['s3', 'cp', 'large', `s3://${BUCKET}/large`]));
    succeed(await aws.run(['s3', 'cp', '-', `s3://${BUCKET}/stdin`], SMALL));
    await holds('small', SMALL);
    await holds('large', LARGE);
    await holds('stdin', SMALL);
  });

  it('curl, which trusts its own authority only', async () => {
    const token = ['--header', `Authorization: Bearer ${await scene.provider.token()}`];
    const put = (...more: string[]): Promise<CliResult> =>
      endOf(
        spawn('curl', ['--silent', '--show-error', '--fail', ...token, ...more, `${url}/${BUCKET}/curl`], {
          cwd: folder,
        }),
      );
    succeed(await put('--cacert', authority, '--upload-file', 'large'));
    await holds('curl', LARGE);
    assert.notEqual((await put('--upload-file', 'large')).code, 0);
  });
});
