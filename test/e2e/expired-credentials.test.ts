/** Credentials of the AWS provider chain that expire and cannot be renewed: the gateway has to be fixed, and not the store or the client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { it } from 'node:test';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';

/** Milliseconds for which the only credentials are valid. */
const VALID = 2_000;

it('expired credentials of the gateway are reported as its problem', { timeout: 60_000 }, async (t) => {
  let given = 0;
  const provider = createServer((_, response) => {
    if (given++ > 0) return void response.writeHead(500).end();
    const Expiration = new Date(Date.now() + VALID).toISOString();
    response.end(JSON.stringify({ AccessKeyId: 'AKIAEXAMPLE', SecretAccessKey: 'hush-hush', Token: 't', Expiration }));
  });
  await once(provider.listen(0, '127.0.0.1'), 'listening');
  const store = await RawStore.start();
  const gateway = await startGatewayProcess(
    {
      server: { address: '127.0.0.1:0', upload_id_secret: 's'.repeat(32) },
      buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', endpoint: store.url } }],
      metrics: { port: 0 },
    },
    [],
    {
      PATH: process.env.PATH,
      HOME: tmpdir(),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`,
    },
  );
  t.after(async () => {
    await gateway.stop();
    provider.close();
    await store.close();
  });
  const put = () => send(gateway.url, 'PUT', '/uploads/k', 'hello');
  let answer = await put();
  while (answer.status === 200) answer = await put();
  assert.equal(answer.status, 502);
  assert.match(answer.body, /<Code>BadGateway<\/Code><Message>The gateway has no credentials for its store\./);
  assert.doesNotMatch(answer.body, /hush|AKIA/);
  const line = await gateway.logged(({ status }) => status === 502);
  assert.deepEqual(
    [line.error_type, line.error_reason, line.outcome],
    ['store_refused_gateway', 'credentials_unavailable', 'not_stored'],
  );
});
