/** The dashboard and the alerts, asked of a real Prometheus while everything goes wrong that they are there to show. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { eventually } from './support/eventually.ts';
import { FailureScenario } from './support/failure-scenario.ts';
import { Prometheus } from './support/prometheus.ts';
import { binary } from './support/real-server.ts';

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
}

const deployed = (path: string): string => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
const ALERTS = deployed('prometheus/alerts.yaml');

async function rulesOf(file: string): Promise<Rule[]> {
  const { groups } = parse(await readFile(file, 'utf8')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

describe('in a real Prometheus', () => {
  let scenario: FailureScenario;
  let prometheus: Prometheus;
  before(async () => {
    scenario = await FailureScenario.start();
    prometheus = await Prometheus.watching(scenario.metricsUrls);
  });
  after(async () => {
    await prometheus.stop();
    await scenario.close();
  });

  /** Provokes until each has an answer. */
  async function untilAnswered(wanted: ReadonlyMap<string, string>, wellEnough: (value: number) => boolean) {
    const open = new Map(wanted);
    await eventually(
      'all are answered',
      async () => {
        await scenario.provoke();
        for (const [what, expression] of open) {
          const found = await prometheus.ask(expression);
          if (found.some(({ value }) => wellEnough(value))) open.delete(what);
        }
        if (open.size > 0) throw new Error([...open].map((one) => one.join(': ')).join('\n'));
        return true;
      },
      180,
    );
  }

  it('every query of the dashboard has a figure above zero', async () => {
    const { panels } = JSON.parse(await readFile(deployed('grafana/mizuchi-uploadr.json'), 'utf8')) as Dashboard;
    const queries = panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }, i): [string, string] => [
        `${title}, ${i + 1}`,
        expr.replaceAll('$__rate_interval', '1m').replaceAll('$bucket', '.*'),
      ]),
    );
    assert.ok(queries.length > 20);
    await untilAnswered(new Map(queries), (value) => Number.isFinite(value) && value > 0);
  });

  it('the time of one bucket is that of its uploads', async () => {
    const { panels } = JSON.parse(await readFile(deployed('grafana/mizuchi-uploadr.json'), 'utf8')) as Dashboard;
    const { targets = [] } = panels.find(({ title }) => title === 'Upload time by cause')!;
    const shares = targets.map(({ expr }) =>
      expr.replaceAll('$__rate_interval', '1m').replaceAll('$bucket', 'uploads'),
    );
    const policy = shares.find((expression) => expression.startsWith('(sum(rate(mizuchi_authz'))!;
    assert.deepEqual(
      (await prometheus.ask(policy)).map(({ value }) => value),
      [0],
      'nobody asks a policy engine about uploads to this bucket',
    );
  });

  it('every alert fires where it should', async () => {
    const rules = await rulesOf(ALERTS);
    assert.ok(rules.length >= 8);
    await untilAnswered(new Map(rules.map(({ alert, expr }) => [alert, expr])), () => true);
    const [slow, ...others] = await prometheus.ask(rules.find(({ alert }) => alert === 'MizuchiUploadsSlow')!.expr);
    assert.deepEqual([slow?.metric.bucket, others], ['slow', []], 'and for nobody else');
  });

  it('promtool accepts the metrics of every gateway', async () => {
    for (const url of scenario.metricsUrls) {
      const input = await (await fetch(url)).text();
      const { stdout, stderr } = spawnSync(binary('promtool'), ['check', 'metrics'], { input, encoding: 'utf8' });
      assert.equal(stdout + stderr, '', url);
    }
  });

  it('every alert waits as it should, with the text that promtool expects', async () => {
    for (const args of [
      ['check', 'rules', ALERTS],
      ['test', 'rules', deployed('prometheus/alerts.test.yaml')],
    ]) {
      const { status, stdout, stderr } = spawnSync(binary('promtool'), args, { encoding: 'utf8' });
      assert.equal(status, 0, stdout + stderr);
    }
    const { tests } = parse(await readFile(deployed('prometheus/alerts.test.yaml'), 'utf8')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[];
    };
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    for (const { alert } of await rulesOf(ALERTS)) {
      const mine = cases.filter(({ alertname }) => alertname === alert);
      assert.ok(
        mine.some(({ exp_alerts = [] }) => exp_alerts.length > 0) &&
          mine.some(({ exp_alerts = [] }) => exp_alerts.length === 0),
        alert,
      );
    }
  });
});
