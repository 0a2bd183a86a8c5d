/** The log level at run time: SIGHUP reads it again. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';

describe('SIGHUP', () => {
  let store: RawStore;
  let gateway: GatewayProcess;
  const configWith = (level: string) => ({
    server: { address: '127.0.0.1:0' },
    buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' } }],
    tracing: { enabled: false },
    logging: { level },
  });
  const messages = () => gateway.log.map(({ msg }) => msg);
  const reloadWith = async (config: string): Promise<void> => {
    gateway.log.length = 0;
    await writeFile(gateway.file, config);
    gateway.process.kill('SIGHUP');
  };
  const put = async (): Promise<void> => {
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello')).status, 200);
  };

  before(async () => {
    store = await RawStore.start();
    gateway = await startGatewayProcess(configWith('info'));
  });
  after(async () => {
    await gateway.stop();
    await store.close();
  });

  it('raises the level, and logs the old and the new one', async () => {
    await reloadWith(JSON.stringify(configWith('error')));
    const { level, from, to, file } = await gateway.logged(({ msg }) => msg === 'log level changed');
    assert.deepEqual([level, from, to, file], ['info', 'info', 'error', gateway.file]);
    await put();
  });

  it('changes nothing if the file is wrong, and logs the error with its place', async () => {
    await reloadWith('server: { address: 127.0.0.1:0 }\nlogging: { level: loud }\n');
    const { level, problem } = await gateway.logged(({ msg }) => String(msg).startsWith('the configuration could not'));
    assert.equal(level, 'error');
    assert.match(String(problem), /config\.yaml:2:\d+ logging\.level: "loud"/);
  });

  it('lowers the level', async () => {
    await reloadWith(JSON.stringify(configWith('debug')));
    const { level, from, to } = await gateway.logged(({ msg }) => msg === 'log level changed');
    assert.deepEqual([level, from, to], ['info', 'error', 'debug']);
    await put();
    await gateway.logged(({ msg }) => msg === 'request');
    // The upload while the level was `error` has no line.
    assert.equal(messages().filter((message) => message === 'request').length, 1);
  });

  it('logs no change if there is none', async () => {
    await reloadWith(JSON.stringify(configWith('debug')));
    await gateway.logged(({ msg }) => msg === 'configuration read again');
    assert.ok(!messages().includes('log level changed'));
  });
});
