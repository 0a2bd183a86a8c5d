/** The metrics that every process has, compared with what the system and Node.js say of the same process. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { readMetrics } from '../support/read-metrics.ts';

const MIB = 1024 ** 2;

describe('metrics of the process', () => {
  let gateway: GatewayProcess;
  before(async () => {
    const s3 = { bucket: 'my-bucket', endpoint: 'http://127.0.0.1:1', access_key: 'a', secret_key: 's' };
    const buckets = [{ name: 'uploads', s3 }];
    gateway = await startGatewayProcess({ server: { address: '127.0.0.1:0' }, buckets, metrics: { port: 0 } });
  });
  after(() => gateway.stop());

  const skip = existsSync('/proc/self/status') ? false : 'the test needs procfs, which Linux has';
  it('are those of the gateway: memory, CPU, file descriptors, start and versions', { skip }, async () => {
    const figure = await readMetrics(gateway.metricsUrl);
    const status = readFileSync(`/proc/${gateway.process.pid}/status`, 'utf8');
    const resident = Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
    assert.ok(Math.abs(figure('process_resident_memory_bytes') - resident) < 64 * MIB);
    assert.ok(figure('nodejs_heap_used_bytes') > MIB);
    assert.ok(figure('nodejs_heap_total_bytes') >= figure('nodejs_heap_used_bytes'));
    assert.ok(figure('process_open_fds') > 5);
    const limits = readFileSync(`/proc/${gateway.process.pid}/limits`, 'utf8');
    assert.equal(figure('process_max_fds'), Number(/^Max open files +(\d+)/m.exec(limits)![1]));
    const age = Date.now() / 1000 - figure('process_start_time_seconds');
    assert.ok(age > 0 && age < 600, `${age} s`);
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    assert.equal(figure('mizuchi_build_info', `version="${version}",node_version="${process.versions.node}"`), 1);
  });

  it('count on: CPU and the time of the event loop never fall', async () => {
    const first = await readMetrics(gateway.metricsUrl);
    const second = await readMetrics(gateway.metricsUrl);
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_time_seconds_total'])
      assert.ok(second(name) > first(name), name);
    for (const statistic of ['p50', 'p99', 'max'])
      assert.ok(second('nodejs_eventloop_delay_seconds', `statistic="${statistic}"`) >= 0, statistic);
  });
});
