/** Opens the CLIENT span of one attempt at the store. The attributes that all attempts of an operation have are created once. */
import { OPERATION_ROWS, OPERATIONS, type OperationName } from '../domain/operation.ts';
import type { Attributes, Span } from '../domain/span.ts';
import type { Query } from '../sigv4/canonical-request.ts';
import type { Endpoint, EndpointConfig } from './endpoint.ts';
import type { StoreCall } from './store-call.ts';

/** The caller ends the span. @param resends number of earlier attempts. @param waitedMillis for a connection, before the span. */
export type OpenAttempt = (call: StoreCall, resends: number, waitedMillis: number) => Span;

/** Of one bucket of one store. */
export function attemptSpans(
  endpoint: Endpoint,
  { bucket, region }: Pick<EndpointConfig, 'bucket' | 'region'>,
): OpenAttempt {
  const common = new Map<OperationName, Attributes>(
    OPERATION_ROWS.map(([operation, { method }]) => [
      operation,
      {
        'rpc.system.name': 'aws-api',
        'rpc.system': 'aws-api',
        'rpc.service': 'S3',
        'rpc.method': operation,
        'aws.s3.bucket': bucket,
        'cloud.region': region,
        'http.request.method': method,
        'server.address': endpoint.hostname,
        'server.port': endpoint.port,
      },
    ]),
  );
  return ({ span: parent, operation, key, query }, resends, waitedMillis) => {
    const span = parent.child(OPERATIONS[operation].span, 'client', common.get(operation));
    span.set('aws.s3.key', key);
    if (query.length > 0) setPart(span, query);
    if (resends > 0) span.set('http.request.resend_count', resends);
    if (waitedMillis > 0) span.set('s3.queue_seconds', waitedMillis / 1000);
    return span;
  };
}

function setPart(span: Span, query: Query): void {
  const partNumber = queryValue(query, 'partNumber');
  span.set('aws.s3.upload_id', queryValue(query, 'uploadId'));
  span.set('aws.s3.part_number', partNumber === undefined ? undefined : Number(partNumber));
}

function queryValue(query: Query, name: string): string | undefined {
  return query.find((pair) => pair[0] === name)?.[1];
}
