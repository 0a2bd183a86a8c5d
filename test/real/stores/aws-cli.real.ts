import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AwsCli } from '../support/aws-cli.ts';
import type { CliResult } from '../support/cli-result.ts';
import { describeWithEachStore } from '../support/each-store.ts';
import { BUCKET } from '../support/gateway-in-front.ts';
import { sha256 } from '../support/stored-objects.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';

const MIB = 1024 * 1024;
const S3 = `s3://${BUCKET}`;

describeWithEachStore('the AWS CLI', (scene) => {
  for (const scheme of ['http', 'https'] as const) {
    describe(`over ${scheme}`, () => {
      let folder: string;
      let front: TlsFront | undefined;
      let aws: AwsCli;
      before(async () => {
        folder = await mkdtemp(join(tmpdir(), 'mizuchi-real-aws-'));
        if (scheme === 'http') {
          aws = new AwsCli(scene().gateway.url, folder);
          return;
        }
        const certificateFile = join(folder, 'certificate.pem');
        front = await startTlsFront(scene().gateway.url, certificateFile);
        aws = new AwsCli(front.url, folder, certificateFile);
      });
      after(async () => {
        await front?.close();
        await rm(folder, { recursive: true, force: true });
      });

      const succeed = ({ code, out, err }: CliResult): string => {
        assert.equal(code, 0, err);
        return out;
      };
      const file = async (name: string, bytes: Buffer): Promise<string> => {
        await writeFile(join(folder, name), bytes);
        return name;
      };

      for (const size of [0, 1, 100_000]) {
        it(`cp of ${size} bytes, with what describes them`, async () => {
          const bytes = randomBytes(size);
          const key = `${scheme}/cp-${size}`;
          const described = ['--content-type', 'text/x-test', '--cache-control', 'no-store', '--metadata', 'a=b c'];
          succeed(await aws.run(['s3', 'cp', await file('small', bytes), `${S3}/${key}`, ...described]));
          assert.equal(await scene().stored.sha256(key), sha256(bytes));
          const head = await scene().stored.head(key);
          assert.deepEqual(
            [head.ContentType, head.CacheControl, head.Metadata],
            ['text/x-test', 'no-store', { a: 'b c' }],
          );
        });
      }

      it('cp of 30 MiB, in parts', async () => {
        const bytes = randomBytes(30 * MIB);
        const key = `${scheme}/large`;
        succeed(await aws.run(['s3', 'cp', await file('large', bytes), `${S3}/${key}`]));
        assert.equal(await scene().stored.sha256(key), sha256(bytes));
        assert.match((await scene().stored.head(key)).ETag!, /-4"$/);
        assert.deepEqual(await scene().stored.openUploads(key), []);
      });

      for (const size of [10_000, 30 * MIB]) {
        it(`cp of ${size} bytes from the standard input`, async () => {
          const bytes = randomBytes(size);
          const key = `${scheme}/stdin-${size}`;
          succeed(await aws.run(['s3', 'cp', '-', `${S3}/${key}`], bytes));
          assert.equal(await scene().stored.sha256(key), sha256(bytes));
        });
      }

      it('cp of a folder', async () => {
        const bytes = [randomBytes(1000), randomBytes(2000)] as const;
        await mkdir(join(folder, 'tree', 'in ner'), { recursive: true });
        await file('tree/a', bytes[0]);
        await file('tree/in ner/bü+%', bytes[1]);
        succeed(await aws.run(['s3', 'cp', '--recursive', 'tree', `${S3}/${scheme}/tree`]));
        assert.equal(await scene().stored.sha256(`${scheme}/tree/a`), sha256(bytes[0]));
        assert.equal(await scene().stored.sha256(`${scheme}/tree/in ner/bü+%`), sha256(bytes[1]));
      });

      for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
        it(`put-object with ${algorithm}`, async () => {
          const bytes = randomBytes(200_000);
          const key = `${scheme}/${algorithm}`;
          const to = ['--bucket', BUCKET, '--key', key, '--checksum-algorithm', algorithm];
          const out = succeed(await aws.run(['s3api', 'put-object', ...to, '--body', await file('body', bytes)]));
          assert.equal(await scene().stored.sha256(key), sha256(bytes));
          const head = await scene().stored.head(key);
          const field = `Checksum${algorithm}` as const;
          assert.ok(head[field] !== undefined);
          assert.equal(JSON.parse(out)[field], head[field]);
          assert.equal(JSON.parse(out).ETag, head.ETag);
        });
      }

      it('a multipart upload by hand: create, upload, list, complete', async () => {
        const key = `${scheme}/by-hand`;
        const to = ['--bucket', BUCKET, '--key', key];
        const { UploadId } = JSON.parse(succeed(await aws.run(['s3api', 'create-multipart-upload', ...to])));
        const upload = [...to, '--upload-id', UploadId];
        const bytes = randomBytes(1000);
        const part = ['--part-number', '1', '--body', await file('part', bytes)];
        const { ETag } = JSON.parse(succeed(await aws.run(['s3api', 'upload-part', ...upload, ...part])));
        const { Parts } = JSON.parse(succeed(await aws.run(['s3api', 'list-parts', ...upload])));
        assert.deepEqual([Parts.length, Parts[0].PartNumber, Parts[0].Size, Parts[0].ETag], [1, 1, 1000, ETag]);
        const list = JSON.stringify({ Parts: [{ PartNumber: 1, ETag }] });
        succeed(await aws.run(['s3api', 'complete-multipart-upload', ...upload, '--multipart-upload', list]));
        assert.equal(await scene().stored.sha256(key), sha256(bytes));
      });

      it('shows the refusal and its reason', async () => {
        const small = await file('small', Buffer.from('x'));
        const kept = `${S3}/${scheme}/kept`;
        succeed(await aws.run(['s3', 'cp', small, kept]));
        const refused: [args: string[], why: RegExp][] = [
          [
            ['s3', 'cp', small, `${S3}/${scheme}/refused`, '--acl', 'public-read'],
            /AccessDenied.*ACL other than private/,
          ],
          [['s3', 'cp', small, 's3://no-such-bucket/k'], /NoSuchBucket/],
          [['s3', 'ls', S3], /MethodNotAllowed|NotImplemented|AccessDenied/],
          [['s3', 'rm', kept], /MethodNotAllowed|NotImplemented|AccessDenied/],
        ];
        for (const [args, why] of refused) {
          const { code, out, err } = await aws.run(args);
          assert.notEqual(code, 0, args.join(' '));
          assert.match(out + err, why);
        }
        await assert.rejects(scene().stored.head(`${scheme}/refused`), { name: 'NotFound' });
        await scene().stored.head(`${scheme}/kept`);
      });

      it('leaves nothing when it is interrupted', async () => {
        const key = `${scheme}/interrupted`;
        await truncate(join(folder, await file('huge', Buffer.alloc(0))), 500 * MIB); // a hole
        const child = aws.start(['s3', 'cp', 'huge', `${S3}/${key}`]);
        const closed = once(child, 'close');
        const did = (operation: string) =>
          scene().gateway.logged((line) => line.path === `/${BUCKET}/${key}` && line.operation === operation);
        await did('UploadPart');
        child.kill('SIGINT');
        await closed;
        assert.equal((await did('AbortMultipartUpload')).status, 204);
        assert.deepEqual(await scene().stored.openUploads(key), []);
        await assert.rejects(scene().stored.head(key), { name: 'NotFound' });
      });
    });
  }
});
