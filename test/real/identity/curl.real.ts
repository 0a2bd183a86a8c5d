import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, it } from 'node:test';
import { type CurlReply, curl, curlVersion } from '../support/curl.ts';
import { BUCKET } from '../support/gateway-in-front.ts';
import { DEVICE, describeIdentity } from '../support/identity-scene.ts';
import type { Keys } from '../support/keys.ts';
import { sha256 } from '../support/stored-objects.ts';

const UNSIGNED = ['-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD'];
const BYTES = randomBytes(1_500_000); // so many that it asks for `100 Continue`

describeIdentity(
  'curl says who it is',
  (scene) => {
    let file: string;
    before(async () => {
      file = join(scene().folder, 'file');
      await writeFile(file, BYTES);
    });
    const url = (key: string): string => `${scene().gateway.url}/${BUCKET}/${key}`;
    const codeOf = ({ status, body }: CurlReply) => [status, /<Code>(.*)<\/Code>/.exec(body)?.[1]];
    const holds = async (key: string): Promise<void> => assert.equal(await scene().stored.sha256(key), sha256(BYTES));
    const holdsNot = (key: string): Promise<void> => assert.rejects(scene().stored.head(key), { name: 'NotFound' });
    const signing = ({ accessKeyId, secretAccessKey }: Keys): string[] => [
      '--aws-sigv4',
      'aws:amz:us-east-1:s3',
      '--user',
      `${accessKeyId}:${secretAccessKey}`,
    ];
    const bearer = (token: string): string[] => ['-H', `Authorization: Bearer ${token}`];

    it('by --aws-sigv4, with a word on the body', async () => {
      const reply = await curl([...signing(DEVICE), ...UNSIGNED, '-T', file, url('signed')]);
      assert.equal(reply.status, 200, reply.body);
      await holds('signed');
    });

    it('by --aws-sigv4, with a token as session token', async () => {
      const { sessionToken, ...keys } = await scene().keysWithToken();
      const token = ['-H', `x-amz-security-token: ${sessionToken}`];
      const reply = await curl([...signing(keys), ...UNSIGNED, ...token, '-T', file, url('session')]);
      assert.equal(reply.status, 200, reply.body);
      await holds('session');
    });

    it('by --aws-sigv4 without that word: as its version has it', async () => {
      const reply = await curl([...signing(DEVICE), '-T', file, url('bare')]);
      if ((await curlVersion()) < 8) {
        assert.equal(reply.status, 400, reply.body);
        assert.match(reply.body, /<Message>[^<]*x-amz-content-sha256[^<]*<\/Message>/);
        await holdsNot('bare');
        return;
      }
      assert.equal(reply.status, 200, reply.body);
      await holds('bare');
    });

    it('by a bearer token: a file, and a body whose length is not known', async () => {
      const token = bearer(await scene().provider.token());
      const reply = await curl([...token, '-T', file, url('bearer')]);
      assert.equal(reply.status, 200, reply.body);
      await holds('bearer');
      const stream = await curl([...token, '-T', '-', url('stream')], BYTES);
      assert.equal(stream.status, 200, stream.body);
      await holds('stream');
    });

    it('is shown what should have been signed', async () => {
      const guessed = signing({ ...DEVICE, secretAccessKey: 'guessed' });
      const { body } = await curl([...guessed, ...UNSIGNED, '-T', file, url('refused')]);
      assert.match(body, /<CanonicalRequest>PUT\n\/uploads\/refused\n\n/);
      assert.match(body, /<StringToSign>AWS4-HMAC-SHA256\n/);
      await holdsNot('refused');
    });

    it('gets the reason of its refusal, with a challenge, and keeps its bytes', async () => {
      const { provider } = scene();
      const refused: [args: string[], status: number, code: string, challenge: RegExp | undefined][] = [
        [[], 401, 'AccessDenied', /^www-authenticate: Bearer, AWS4-HMAC-SHA256\r?$/im],
        [bearer('a.b.c'), 401, 'InvalidToken', /^www-authenticate: Bearer .*error="invalid_token"/im],
        [bearer(await provider.token({ exp: 1 })), 401, 'ExpiredToken', /^www-authenticate: Bearer .*invalid_token/im],
        [['--user', 'jane:password'], 401, 'AccessDenied', /^www-authenticate: Bearer, AWS4/im],
        [[...signing({ ...DEVICE, secretAccessKey: 'guessed' }), ...UNSIGNED], 403, 'SignatureDoesNotMatch', undefined],
        [[...signing({ ...DEVICE, accessKeyId: 'AKIANOBODY' }), ...UNSIGNED], 403, 'InvalidAccessKeyId', undefined],
      ];
      for (const [args, status, code, challenge] of refused) {
        const reply = await curl([...args, '-T', file, url('refused')]);
        assert.deepEqual(codeOf(reply), [status, code]);
        if (challenge !== undefined) assert.match(reply.head, challenge);
        assert.doesNotMatch(reply.head, /^HTTP\/1\.1 100/);
      }
      await holdsNot('refused');
    });
  },
  ['MinIO'],
);
