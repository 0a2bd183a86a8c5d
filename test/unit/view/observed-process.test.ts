import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../../src/config/parse-config.ts';
import type { FinishedRequest, Report } from '../../../src/gateway/report.ts';
import { newRecord } from '../../../src/gateway/stages.ts';
import { ObservedProcess } from '../../../src/view/observed-process.ts';
import { finishedRequest } from '../../support/finished-request.ts';

const S3 = { bucket: 'my-bucket', endpoint: 'http://127.0.0.1:1', access_key: 'a', secret_key: 'b' };
const CONFIG = parseConfig(JSON.stringify({ buckets: [{ name: 'photos', s3: S3 }] }), 'f', {});

describe('ObservedProcess', () => {
  it('reports a request that the view cannot keep, and notes the first such error', async () => {
    const errors: string[] = [];
    const finished: FinishedRequest[] = [];
    const observed = new ObservedProcess({
      secret: Buffer.from('secret'),
      showKeys: true,
      recorded: {
        of() {
          throw new Error('no spans');
        },
      },
      failed: ({ message }) => void errors.push(message),
    });
    const report: Report = { begin: newRecord, finish: (request) => void finished.push(request) };
    const watched = observed.watch(report, CONFIG);
    for (let i = 0; i < 3; i++) watched.finish({ ...finishedRequest(), record: watched.begin(performance.now()) });
    assert.equal(finished.length, 3);
    assert.deepEqual(errors, ['no spans']);
    assert.equal((await observed.view.uploads()).total, 0);
  });
});
