/**
 * The outcome of each kind of failure, as clients, spans, logs and metrics show it. The file next to this test was recorded before
 * the table decided all of it: a change of it is a change of the public interface.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { Failure } from '../../../src/domain/failure.ts';
import { FAILURES, type FailureType } from '../../../src/domain/failures.ts';
import type { Span } from '../../../src/domain/span.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import { createReport } from '../../../src/gateway/report.ts';
import { newRecord } from '../../../src/gateway/stages.ts';
import type { RequestMetrics } from '../../../src/metrics/request-metrics.ts';
import { errorReply } from '../../../src/server/error-reply.ts';

const GOLDEN = new URL('failure-outcomes.txt', import.meta.url);

function outcomeOf(failure: Failure): string {
  const { status, headers, body } = errorReply(failure, '/uploads/a.txt', 'ID', 'TRACE');
  const shown = Object.entries(headers).filter(([name]) => name !== 'content-type');
  const element = /<Code>[^<]*<\/Code>/.exec(body)?.[0];
  const close = failure.shape.closesConnection ? ' close' : '';
  const lines = [
    `${failure.type}: ${status} ${element}${close}`,
    ...shown.map(([name, value]) => `  ${name}: ${value}`),
  ];
  return [...lines, ...reported(failure)].join('\n');
}

/** What the span, the log line and the counters show. */
function reported(failure: Failure): string[] {
  const lines: string[] = [];
  const span: Span = {
    ...NO_SPAN,
    set: (name, value) => void (name.includes('message') || lines.push(`  span ${name}=${value}`)),
    fail: (type) => void lines.push(`  span fails: ${type}`),
  };
  const write = (level: string) => (fields: Readonly<Record<string, unknown>>) =>
    void lines.push(
      `  log ${level} ${fields.status} ${fields.error_type} ${fields.error_code}${'stack' in fields ? ' stack' : ''}`,
    );
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const metrics = {
    requestStarted() {},
    requestFinished: ({ errorType }) => void lines.push(`  metric ${errorType}`),
  } as Pick<RequestMetrics, 'requestStarted' | 'requestFinished'> as RequestMetrics;
  const report = createReport(log, metrics, 1);
  const request = { requestId: 'ID', method: 'PUT', path: '/uploads/a.txt', clientAddress: undefined, attributes: {} };
  report.finish({ ...request, status: failure.status, failure, span, record: newRecord() });
  return lines;
}

it('ends each kind of failure as it always did', () => {
  const types = Object.keys(FAILURES) as FailureType[];
  const passedOn = ([405, 409, 503] as const).map(
    (status) => new Failure(status < 500 ? 'refused_by_store' : 'store_error', undefined, { status, code: 'Passed' }),
  );
  const told = [...types.map((type) => new Failure(type)), ...passedOn].map(outcomeOf).join('\n');
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, `${told}\n`);
  assert.equal(`${told}\n`, readFileSync(GOLDEN, 'utf8'));
});
