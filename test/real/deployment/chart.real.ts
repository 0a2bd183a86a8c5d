/** The Helm chart: Helm, kubeconform, a real kube-apiserver and the gateway accept what it renders, and its schema refuses mistakes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { startGatewayProcess } from '../../support/gateway-process.ts';
import { send } from '../../support/http-client.ts';
import { CHART, EXAMPLES, find, NAMESPACE, objectsOf, render, run } from '../support/chart.ts';
import { checkRendered } from '../support/chart-config.ts';
import { MISTAKES } from '../support/chart-mistakes.ts';
import { endOf } from '../support/cli-result.ts';
import { type Kubernetes, startKubernetes } from '../support/kubernetes.ts';
import { customResourceDefinitions, writeSchemas } from '../support/kubernetes-schemas.ts';
import { binary } from '../support/real-server.ts';

const values = (name: string): string => EXAMPLES.get(name)!;

describe('the Helm chart', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-chart-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('has at least eight sets of example values', () => {
    assert.ok(EXAMPLES.size >= 8);
  });

  for (const [name, file] of EXAMPLES) {
    it(`${name}: helm lint finds nothing`, async () => {
      const { stdout } = await run('helm', ['lint', '--strict', '--quiet', CHART, '-f', file]);
      assert.doesNotMatch(stdout, /WARNING|ERROR/);
    });

    it(`${name}: the gateway accepts the configuration`, async (t) => {
      const text = await render(file);
      const { skipped } = await checkRendered(find(objectsOf(text), 'ConfigMap').data['config.yaml'], folder);
      if (skipped !== undefined) t.skip(skipped);
    });
  }

  describe('its objects', () => {
    it('fulfil the schemas of Kubernetes and of the custom resources', async () => {
      const location = writeSchemas(folder);
      for (const [name, file] of EXAMPLES) {
        const text = await render(file);
        const { code, out, err } = await kubeconform(location, text);
        assert.equal(code, 0, `${name}: ${out}${err}`);
        assert.match(out, new RegExp(`Valid: ${objectsOf(text).length}, Invalid: 0, Errors: 0, Skipped: 0`), name);
      }
      const wrong = (await render(values('minimal'))).replace('enableServiceLinks', 'enableServiceLink');
      assert.match((await kubeconform(location, wrong)).out, /enableServiceLink/, 'an unknown field is refused');
    });

    it('have the alerts and the dashboard of deploy/', async () => {
      const objects = objectsOf(await render(values('prometheus-operator')));
      const deployed = (path: string) => readFile(new URL(`../../../deploy/${path}`, import.meta.url), 'utf8');
      assert.deepEqual(find(objects, 'PrometheusRule').spec, parse(await deployed('prometheus/alerts.yaml')));
      const { data } = objects.find(({ metadata }) => metadata.name.endsWith('-grafana'))!;
      const [dashboard] = Object.values<string>(data);
      assert.deepEqual(JSON.parse(dashboard!), JSON.parse(await deployed('grafana/mizuchi-uploadr.json')));
    });

    it('stay long enough for their shutdown', async () => {
      for (const [name, seconds] of [
        ['minimal', 60],
        ['autoscaling', 635],
        ['everything', 83],
      ] as const) {
        const { template } = find(objectsOf(await render(values(name))), 'Deployment').spec;
        assert.equal(template.spec.terminationGracePeriodSeconds, seconds, name);
      }
    });

    it('restart when the configuration changes, and only then', async () => {
      const sumOf = async (...more: string[]): Promise<string | undefined> => {
        const { template } = find(objectsOf(await render(values('minimal'), more)), 'Deployment').spec;
        return template.metadata.annotations?.['checksum/config'];
      };
      assert.equal(await sumOf('--set', 'replicaCount=5'), await sumOf());
      assert.notEqual(await sumOf('--set', 'config.logging.level=warn'), await sumOf());
      assert.equal(await sumOf('--set', 'watchConfig=true'), undefined);
    });
  });

  it('its gateway responds to the kubelet and to scrapers under the names of the Service, and to no other name', async (t) => {
    const objects = objectsOf(await render(values('network-policy'), ['--set', 'metricsService.enabled=true']));
    const { template } = find(objects, 'Deployment').spec;
    const [{ livenessProbe, readinessProbe, startupProbe }] = template.spec.containers;
    const config = parse(find(objects, 'ConfigMap').data['config.yaml']);
    const gateway = await startGatewayProcess({
      ...config,
      server: { ...config.server, address: '127.0.0.1:0', shutdown_delay_seconds: 0 },
      admin: { ...config.admin, address: '127.0.0.1', port: 0 },
    });
    t.after(() => gateway.stop());
    const { origin } = new URL(gateway.metricsUrl);
    const statusOf = async (path: string, host: string) => (await send(origin, 'GET', path, '', { host })).status;
    for (const { httpGet } of [livenessProbe, readinessProbe, startupProbe])
      assert.equal(await statusOf(httpGet.path, '10.1.2.3:9090'), 200, httpGet.path);
    const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name.endsWith('-metrics'))!;
    const name = `${service.metadata.name}.${NAMESPACE}`;
    for (const host of [service.metadata.name, name, `${name}.svc`, `${name}.svc.cluster.local`])
      assert.equal(await statusOf('/metrics', `${host}:9090`), 200, host);
    assert.equal(await statusOf('/metrics', 'page.example.com'), 421);
  });

  for (const { name, set, message } of MISTAKES)
    it(`refuses ${name}`, async () => {
      const more = set.flatMap((each) => ['--set-json', each]);
      const { stderr } = await render(values('minimal'), more).then(
        () => assert.fail('it is accepted'),
        (error: { stderr: string }) => error,
      );
      assert.match(stderr, message);
    });

  describe('in a real kube-apiserver', () => {
    let kubernetes: Kubernetes;
    const kubectl = (...args: string[]) => run('kubectl', args, { KUBECONFIG: kubernetes.kubeconfig });
    const dryRun = async (text: string) => {
      const args = ['apply', '--dry-run=server', '--validate=strict', '--namespace', NAMESPACE, '-f', '-'];
      const env = { ...process.env, KUBECONFIG: kubernetes.kubeconfig };
      return endOf(spawn(binary('kubectl'), args, { env, stdio: 'pipe' }), Buffer.from(text));
    };
    before(async () => {
      kubernetes = await startKubernetes(folder);
      await kubectl('create', 'namespace', NAMESPACE);
      const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
      await kubectl('label', 'namespace', NAMESPACE, ...labels);
      await kubectl('apply', '--server-side', ...customResourceDefinitions().flatMap((file) => ['-f', file]));
      await kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
    });
    after(() => kubernetes.stop());

    for (const [name, file] of EXAMPLES)
      it(`${name}: every object is accepted, without a warning`, async () => {
        const text = await render(file);
        const { code, out, err } = await dryRun(text);
        assert.deepEqual([code, err], [0, '']);
        assert.equal(out.match(/created \(server dry run\)$/gm)?.length, objectsOf(text).length);
      });

    it('a release can be upgraded through all sets of values, and removed', async () => {
      const env = { KUBECONFIG: kubernetes.kubeconfig };
      for (const file of EXAMPLES.values())
        await run('helm', ['upgrade', '--install', 'release', CHART, '-n', NAMESPACE, '-f', file], env);
      await run('helm', ['uninstall', 'release', '-n', NAMESPACE], env);
      assert.equal((await kubectl('get', 'deployments', '-n', NAMESPACE, '-o', 'name')).stdout, '');
    });

    it('a pod is admitted where "restricted" is enforced, and not with a root file system that it may write as root', async () => {
      const { metadata, spec } = find(objectsOf(await render(values('everything'))), 'Deployment').spec.template;
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod', ...metadata }, spec };
      assert.deepEqual(await dryRun(stringify(pod)), { code: 0, out: 'pod/pod created (server dry run)\n', err: '' });
      const root = { ...pod, spec: { ...spec, securityContext: { runAsUser: 0 } } };
      assert.match((await dryRun(stringify(root))).err, /violates PodSecurity "restricted/);
    });

    it('unknown fields of built-in and custom objects are refused', async () => {
      const text = await render(values('prometheus-operator'));
      for (const [right, wrong] of [
        ['enableServiceLinks', 'enableServiceLink'],
        ['scrapeTimeout', 'scrapeTimeOut'],
      ] as const)
        assert.match((await dryRun(text.replace(right, wrong))).err, new RegExp(`unknown field .*${wrong}`));
    });
  });
});

async function kubeconform(location: string, text: string) {
  const args = ['-strict', '-summary', '-schema-location', location, '-'];
  return endOf(spawn(binary('kubeconform'), args, { stdio: 'pipe' }), Buffer.from(text));
}
