import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { Lifetime } from '../../../src/app/lifetime.ts';

function lifetimeWithLog() {
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { lifetime: new Lifetime({ info: write, error: write }), lines };
}

const never = () => new Promise<void>(() => {});

describe('Lifetime', () => {
  it('closes in reverse order, one by one, then flushes, the last flusher at the end', async () => {
    const { lifetime } = lifetimeWithLog();
    const steps: string[] = [];
    lifetime.onLastFlush(async () => void steps.push('log'));
    for (const name of ['metrics', 'traces'])
      lifetime.onFlush(async () => {
        steps.push(`${name} begins`);
        await new Promise(setImmediate);
        steps.push(`${name} ends`);
      });
    lifetime.onClose(() => void steps.push('first'));
    lifetime.onClose(async () => {
      await new Promise(setImmediate);
      steps.push('second');
    });
    await lifetime.close();
    const flushes = ['metrics begins', 'traces begins', 'metrics ends', 'traces ends'];
    assert.deepEqual(steps, ['second', 'first', ...flushes, 'log']);
  });

  it('is safe twice, and when nothing has registered', async () => {
    const { lifetime } = lifetimeWithLog();
    let closed = 0;
    lifetime.onClose(() => void closed++);
    await Promise.all([lifetime.close(), lifetime.close()]);
    await lifetime.close();
    assert.equal(closed, 1);
    await lifetimeWithLog().lifetime.close();
  });

  it('closes at once what registers after the end has begun', async () => {
    const { lifetime } = lifetimeWithLog();
    const steps: string[] = [];
    const closing = lifetime.close();
    lifetime.onClose(() => void steps.push('late'));
    assert.deepEqual(steps, ['late']);
    await closing;
  });

  it('logs a closer or a flusher that fails, and runs the others', async () => {
    const { lifetime, lines } = lifetimeWithLog();
    const steps: string[] = [];
    lifetime.onClose(() => void steps.push('closed'));
    lifetime.onClose(() => {
      throw new Error('thrown');
    });
    lifetime.onFlush(() => Promise.reject(new Error('rejected')));
    lifetime.onLastFlush(async () => void steps.push('flushed'));
    await lifetime.close();
    assert.deepEqual(steps, ['closed', 'flushed']);
    assert.deepEqual(lines, [
      'a part of the gateway could not be closed {"problem":"thrown"}',
      'a part of the gateway could not be closed {"problem":"rejected"}',
    ]);
  });

  it('gives flushers their time, and does not await one that is late', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { lifetime } = lifetimeWithLog();
      const given: number[] = [];
      lifetime.onFlush((millis) => {
        given.push(millis);
        return never();
      });
      lifetime.onLastFlush((millis) => {
        given.push(Math.round(millis / 1000));
        return never();
      });
      let isClosed = false;
      const closing = lifetime.close().then(() => (isClosed = true));
      for (const expected of [[4000], [4000, 5]]) {
        await new Promise(setImmediate);
        assert.deepEqual(given, expected); // the second flusher has its time left by the clock, which stands still here
        assert.equal(isClosed, false);
        mock.timers.tick(5_600);
      }
      await closing;
    } finally {
      mock.timers.reset();
    }
  });

  it('reloads in order and in turn, and logs what could not be read', async () => {
    const { lifetime, lines } = lifetimeWithLog();
    let running = 0;
    lifetime.onReload({
      file: 'keys.yaml',
      what: 'access keys',
      read: async () => {
        assert.equal(++running, 1);
        await new Promise(setImmediate);
        running--;
        return () => {};
      },
    });
    lifetime.onReload({ file: 'cert.pem', what: 'certificates', read: () => Promise.reject(new Error('no PEM')) });
    await Promise.all([lifetime.reload(), lifetime.reload()]);
    const once = [
      'access keys read again {"file":"keys.yaml"}',
      'certificates could not be read again; the previous ones stay in use {"file":"cert.pem","problem":"no PEM"}',
    ];
    assert.deepEqual(lines, [...once, ...once]);
  });
});
