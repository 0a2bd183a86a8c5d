import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AwsCli } from '../support/aws-cli.ts';
import type { CliResult } from '../support/cli-result.ts';
import { BUCKET } from '../support/gateway-in-front.ts';
import { DEVICE, DEVICE_SUBJECT, describeIdentity, OTHER_DEVICE } from '../support/identity-scene.ts';
import type { Keys } from '../support/keys.ts';
import { sha256 } from '../support/stored-objects.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';

const MIB = 1024 * 1024;
const S3 = `s3://${BUCKET}`;

describeIdentity(
  'the AWS CLI says who it is',
  (scene) => {
    const LARGE = randomBytes(30 * MIB);
    const SMALL = randomBytes(1000);
    before(() =>
      Promise.all([writeFile(join(scene().folder, 'large'), LARGE), writeFile(join(scene().folder, 'small'), SMALL)]),
    );
    const succeed = ({ code, out, err }: CliResult): string => {
      assert.equal(code, 0, err);
      return out;
    };
    const holds = async (key: string, bytes: Buffer): Promise<void> =>
      assert.equal(await scene().stored.sha256(key), sha256(bytes));

    const WAYS: readonly [name: string, method: string, keys: () => Promise<Keys>][] = [
      ['signature', 'sigv4', async () => DEVICE],
      ['token', 'sigv4+jwt', () => scene().keysWithToken({ sub: 'anna' })],
    ];
    // Behind a balancer that ends TLS; own-tls.real.ts has the gateway's own. Over TLS the CLI sends its body unsigned, in frames.
    for (const scheme of ['http', 'https'] as const) {
      describe(`over ${scheme}`, () => {
        let front: TlsFront | undefined;
        let aws: AwsCli;
        before(async () => {
          const { gateway, folder } = scene();
          const certificateFile = join(folder, 'certificate.pem');
          if (scheme === 'https') front = await startTlsFront(gateway.url, certificateFile);
          aws = new AwsCli(front?.url ?? gateway.url, folder, front && certificateFile);
        });
        after(() => front?.close());

        for (const [name, method, keys] of WAYS) {
          it(`by its ${name}: cp of a file, of 30 MiB in parts, and from stdin`, async () => {
            const key = `${scheme}/${name}`;
            const cli = aws.as(await keys());
            succeed(await cli.run(['s3', 'cp', 'small', `${S3}/${key}/sp ace+ü.bin`]));
            await holds(`${key}/sp ace+ü.bin`, SMALL);
            succeed(await cli.run(['s3', 'cp', 'large', `${S3}/${key}/large`]));
            await holds(`${key}/large`, LARGE);
            assert.match((await scene().stored.head(`${key}/large`)).ETag!, /-4"$/);
            succeed(await cli.run(['s3', 'cp', '-', `${S3}/${key}/stdin`], SMALL));
            await holds(`${key}/stdin`, SMALL);
            const { gateway } = scene();
            await gateway.logged(({ path }) => path === `/${BUCKET}/${key}/stdin`);
            const lines = gateway.log.filter(({ path }) => String(path).startsWith(`/${BUCKET}/${key}/`));
            assert.equal(lines.length, 1 + 6 + 1);
            for (const line of lines) assert.equal(line.auth_method, method);
          });
        }
      });
    }

    const wordForToken = async (): Promise<Keys> => ({ ...(await scene().keysWithToken()), sessionToken: 'please' });
    const REFUSED: readonly [what: string, keys: () => Promise<Keys>, why: RegExp][] = [
      ['a wrong secret', async () => ({ ...DEVICE, secretAccessKey: 'guessed' }), /\(SignatureDoesNotMatch\)/],
      ['an unknown key', async () => ({ ...DEVICE, accessKeyId: 'AKIANOBODY' }), /\(InvalidAccessKeyId\)/],
      ['an expired token', () => scene().keysWithToken({ exp: 1_700_000_000 }), /\(ExpiredToken\).*expired/],
      ['a token for others', () => scene().keysWithToken({ aud: 'downloads' }), /\(InvalidToken\)/],
      ['a word for a token', wordForToken, /\(InvalidToken\)/],
    ];
    it('reports why it is refused, and nothing is stored', async () => {
      const cli = new AwsCli(scene().gateway.url, scene().folder);
      for (const [what, keys, why] of REFUSED) {
        const { code, err } = await cli.as(await keys()).run(['s3', 'cp', 'small', `${S3}/refused`]);
        assert.notEqual(code, 0, what);
        assert.match(err, why);
      }
      await assert.rejects(scene().stored.head('refused'), { name: 'NotFound' });
    });

    it('carries an opaque upload id from call to call, which is useless to any other caller', async () => {
      const key = 'by-hand';
      const cli = new AwsCli(scene().gateway.url, scene().folder);
      const [mine, others] = [cli.as(DEVICE), cli.as(OTHER_DEVICE)];
      const to = ['--bucket', BUCKET, '--key', key];
      const { UploadId } = JSON.parse(succeed(await mine.run(['s3api', 'create-multipart-upload', ...to])));
      assert.ok(!(await scene().stored.openUploads(key)).includes(UploadId), 'it is not the id of the store');
      const upload = [...to, '--upload-id', UploadId];
      const part = ['--part-number', '1', '--body', 'large'];
      for (const call of [['upload-part', ...part], ['list-parts'], ['abort-multipart-upload']]) {
        const { code, err } = await others.run(['s3api', call[0]!, ...upload, ...call.slice(1)]);
        assert.notEqual(code, 0);
        assert.match(err, /\(NoSuchUpload\)/);
      }
      // The same subject, proven in another way, is the same owner.
      const token = cli.as(await scene().keysWithToken({ sub: DEVICE_SUBJECT }));
      const { ETag } = JSON.parse(succeed(await token.run(['s3api', 'upload-part', ...upload, ...part])));
      const listed = JSON.parse(succeed(await mine.run(['s3api', 'list-parts', ...upload])));
      assert.deepEqual([listed.Parts.length, listed.Parts[0].ETag], [1, ETag]);
      const list = JSON.stringify({ Parts: [{ PartNumber: 1, ETag }] });
      succeed(await mine.run(['s3api', 'complete-multipart-upload', ...upload, '--multipart-upload', list]));
      await holds(key, LARGE);
    });
  },
  ['MinIO'],
);
