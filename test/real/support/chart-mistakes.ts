/** Mistakes in values, and the words with which Helm refuses them. */

export interface Mistake {
  readonly name: string;
  /** For `--set-json`, on top of the minimal values. */
  readonly set: readonly string[];
  readonly message: RegExp;
}

export const MISTAKES: readonly Mistake[] = [
  { name: 'no buckets', set: ['config={"buckets":null}'], message: /config.*buckets/ },
  { name: 'a bucket without a store', set: ['config.buckets=[{"name":"a"}]'], message: /config\/buckets\/0.*s3/ },
  { name: 'an unknown value', set: ['replicas=3'], message: /additional properties 'replicas' not allowed/ },
  { name: 'an unknown value below another', set: ['service.ports=[80]'], message: /\/service.*'ports' not allowed/ },
  {
    name: 'an unknown section of the configuration',
    set: ['config.trace={}'],
    message: /\/config.*'trace' not allowed/,
  },
  { name: 'a number as text', set: ['replicaCount="3"'], message: /\/replicaCount.*got string, want integer/ },
  {
    name: 'a port that needs root',
    set: ['ports.upload=80'],
    message: /\/ports\/upload.*minimum: got 80, want 1,?024/,
  },
  { name: 'a wrong number of workers', set: ['workers=0'], message: /\/workers/ },
  {
    name: 'a wrong kind of Service',
    set: ['service.type="External"'],
    message: /\/service\/type.*'ClusterIP', 'NodePort'/,
  },
  { name: 'a wrong digest', set: ['image.digest="1.0"'], message: /\/image\/digest.*sha256/ },
  { name: 'a duration without a unit', set: ['podMonitor.interval="15"'], message: /\/podMonitor\/interval/ },
  { name: 'an Ingress without hosts', set: ['ingress.enabled=true'], message: /\/ingress\/hosts/ },
  { name: 'a route without a Gateway', set: ['httpRoute.enabled=true'], message: /\/httpRoute\/parentRefs/ },
  {
    name: 'a Certificate without an issuer',
    set: ['tls.enabled=true', 'certManager.enabled=true'],
    message: /\/certManager\/issuerRef\/name/,
  },
  {
    name: 'what the chart sets itself',
    set: ['config.server.address="0.0.0.0:80"'],
    message: /config\.server\.address is set by the chart: set listenAddress and ports\.upload/,
  },
  {
    name: 'a closed admin port',
    set: ['config.admin.enabled=false'],
    message: /config\.admin\.enabled is set by the chart: the probes need the admin port/,
  },
  {
    name: 'files of TLS',
    set: ['config.server.tls={"cert_file":"a"}'],
    message: /config\.server\.tls\.cert_file is set by the chart: set tls\.enabled/,
  },
  { name: 'one port for both', set: ['ports.admin=8080'], message: /ports\.upload and ports\.admin are the same/ },
  {
    name: 'HTTPS without a certificate',
    set: ['tls.enabled=true'],
    message: /set tls\.secretName, or certManager\.enabled/,
  },
  { name: 'client certificates without HTTPS', set: ['tls.clientCaSecretName="ca"'], message: /set tls\.enabled/ },
  {
    name: 'two monitors',
    set: ['serviceMonitor.enabled=true', 'podMonitor.enabled=true'],
    message: /would scrape every pod twice/,
  },
  {
    name: 'a ServiceMonitor without its Service',
    set: ['serviceMonitor.enabled=true', 'metricsService.enabled=false'],
    message: /set metricsService\.enabled, or use podMonitor/,
  },
  {
    name: 'a monitor without metrics',
    set: ['podMonitor.enabled=true', 'config.metrics.enabled=false'],
    message: /remove config\.metrics\.enabled/,
  },
  {
    name: 'two budgets',
    set: ['podDisruptionBudget.minAvailable=1'],
    message: /one of maxUnavailable and minAvailable/,
  },
  {
    name: 'more pods at least than at most',
    set: ['autoscaling.enabled=true', 'autoscaling.minReplicas=20'],
    message: /minReplicas is larger than autoscaling\.maxReplicas/,
  },
];
