/** Tracing within a process of its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { deadEndpoint } from '../../support/faulty-server.ts';
import { receiveHttp } from '../../support/otlp-receiver.ts';
import { tracingConfig } from '../../support/tracing-config.ts';

const START = new URL('../../../src/tracing/start.ts', import.meta.url).href;

/** Runs a program in which `tracing` has been started and one request traced. */
function run(endpoint: string, program: string, environment: NodeJS.ProcessEnv = {}): Promise<{ stdout: string }> {
  const config = tracingConfig(endpoint, { batch: { scheduled_delay_millis: 60_000 } });
  const source = `
    import { startTracing } from ${JSON.stringify(START)};
    const say = (fields, message) => console.log(message);
    const log = { debug: say, info: say, warn: say, error: say };
    const tracing = await startTracing(${JSON.stringify(config)}, { log });
    tracing.tracer.startRequest([], {}).end();
    ${program}`;
  const env = { PATH: process.env.PATH, ...environment };
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', source], { env, timeout: 20_000 });
}

describe('tracing in a process', () => {
  it('does not keep it alive', async () => {
    const { stdout } = await run(await deadEndpoint(), "console.log('the end');");
    assert.equal(stdout, 'the end\n');
  });

  it('delivers what there is when it is shut down, and lets it end', async () => {
    const receiver = await receiveHttp();
    const { stdout } = await run(receiver.endpoint, 'await tracing.shutdown(); console.log(tracing.stats().exported);');
    await receiver.close();
    assert.equal(stdout, '1\n');
    assert.equal(receiver.spans().length, 1);
  });

  it('sends past the proxies of the environment to a collector on this machine, and preloads nothing into its thread', async () => {
    const receiver = await receiveHttp();
    const nobody = await deadEndpoint();
    const environment = { http_proxy: nobody, HTTP_PROXY: nobody, NODE_USE_ENV_PROXY: '1' };
    await run(receiver.endpoint, 'await tracing.shutdown();', environment);
    await receiver.close();
    assert.equal(receiver.spans().length, 1);
  });
});
