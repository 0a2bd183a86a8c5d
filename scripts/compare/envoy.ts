/** Envoy as a gateway: it signs for the store (aws_request_signing), writes its default access log and one with more operators, and sends its spans over OTLP. */

const at = (host: string, port: number) => ({ socket_address: { address: host, port_value: port } });

const cluster = (name: string, url: string) => {
  const { hostname, port } = new URL(url);
  const endpoint = { address: at(hostname, Number(port)) };
  return {
    name,
    type: 'STATIC',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
};

const typed = (name: string, config: object) => ({
  '@type': `type.googleapis.com/envoy.${name}`,
  ...config,
});

/** The operators for a second line: the milliseconds from the first byte of the request to its last, and to the response. */
const DETAILS = {
  flags: '%RESPONSE_FLAGS%',
  details: '%RESPONSE_CODE_DETAILS%',
  request_ms: '%REQUEST_DURATION%',
  response_ms: '%RESPONSE_DURATION%',
  all_ms: '%DURATION%',
};

/** @param fields of a JSON line; undefined for the default line. */
function accessLog(fields: object | undefined): object {
  const format = fields && { log_format: { json_format: fields } };
  const config = typed('extensions.access_loggers.stream.v3.StdoutAccessLog', format ?? {});
  return { name: 'envoy.access_loggers.stdout', typed_config: config };
}

/** @returns the bootstrap configuration; JSON is YAML. */
export function envoyConfig(port: number, store: string, collector: string): object {
  const signing = typed('extensions.filters.http.aws_request_signing.v3.AwsRequestSigning', {
    service_name: 's3',
    region: 'us-east-1',
    use_unsigned_payload: true,
    credential_provider: { inline_credential: { access_key_id: 'mizuchi', secret_access_key: 'mizuchi-secret' } },
  });
  const tracing = typed('config.trace.v3.OpenTelemetryConfig', {
    service_name: 'envoy',
    http_service: { http_uri: { uri: `${collector}/v1/traces`, cluster: 'collector', timeout: '1s' } },
  });
  const manager = typed('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'uploads',
    tracing: { provider: { name: 'envoy.tracers.opentelemetry', typed_config: tracing } },
    access_log: [accessLog(undefined), accessLog(DETAILS)],
    http_filters: [
      { name: 'envoy.filters.http.aws_request_signing', typed_config: signing },
      { name: 'envoy.filters.http.router', typed_config: typed('extensions.filters.http.router.v3.Router', {}) },
    ],
    route_config: {
      virtual_hosts: [
        { name: 'uploads', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'store' } }] },
      ],
    },
  });
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }];
  return {
    static_resources: {
      listeners: [{ name: 'uploads', address: at('127.0.0.1', port), filter_chains: [{ filters }] }],
      clusters: [cluster('store', store), cluster('collector', collector)],
    },
  };
}
