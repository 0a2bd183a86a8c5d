import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createLog } from '../../../src/logging/create-log.ts';
import { prettyLine } from '../../../src/logging/pretty.ts';

describe('createLog', () => {
  async function written(
    format: 'json' | 'pretty',
    level: 'debug' | 'info' | 'warn' | 'error',
    say: (log: ReturnType<typeof createLog>) => void,
  ): Promise<string> {
    const file = join(tmpdir(), `mizuchi-log-${process.pid}-${Math.random()}`);
    const fd = openSync(file, 'w');
    const log = createLog({ level, format }, fd);
    say(log);
    await log.close();
    closeSync(fd);
    const text = readFileSync(file, 'utf8');
    rmSync(file);
    return text;
  }

  const hostile = 'a\r\nb\x1b[31m\u2028\x00"\\ end';

  it('writes one JSON line for each call, whatever is in it', async () => {
    const text = await written('json', 'info', (log) => {
      log.info({ path: hostile, trace_id: 'abc' }, 'request');
      log.warn({}, hostile);
    });
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.length, 2);
    const [first, second] = lines.map((line) => JSON.parse(line));
    assert.equal(first.level, 'info');
    assert.equal(first.path, hostile);
    assert.equal(first.trace_id, 'abc');
    assert.match(first.time, /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.equal(second.msg, hostile);
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\0-\x1f]/);
  });

  it('writes pretty lines without control characters of the client', async () => {
    const text = await written('pretty', 'info', (log) => log.info({ path: hostile }, 'request'));
    assert.equal(text.split('\n').length, 2);
    assert.ok(text.includes('path='));
    assert.ok(!text.includes('\x1b[31m'));
    assert.equal(
      prettyLine('{"level":"info","time":"2026-11-23T01:02:03.004Z","msg":"m","n":1}').includes('01:02:03.004'),
      true,
    );
  });

  it('leaves out lines below its level', async () => {
    const text = await written('json', 'warn', (log) => {
      log.debug({}, 'd');
      log.info({}, 'i');
      log.warn({}, 'w');
      log.error({}, 'e');
    });
    assert.deepEqual(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).msg),
      ['w', 'e'],
    );
  });

  it('does not wait for a stalled reader, and reports the lost lines afterwards', async () => {
    const reader = spawn('sh', ['-c', 'kill -STOP $$; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const fd = (reader.stdin as unknown as { _handle: { fd: number } })._handle.fd;
    const log = createLog({ level: 'info', format: 'json' }, fd);
    for (let i = 0; i < 20_000; i++) log.info({ filler: 'x'.repeat(1_000) }, 'line');
    reader.kill('SIGCONT');
    let text = '';
    reader.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    await once(reader.stdout, 'data');
    log.info({}, 'last');
    await log.close();
    reader.stdin.end();
    await once(reader, 'close');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const dropped = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0);
    assert.ok(dropped > 0);
    assert.equal(lines.filter(({ msg }) => msg === 'line' || msg === 'last').length + dropped, 20_001);
  });
});
