/** A Failure as S3 says it (Amazon S3 API Reference, "REST error responses"), with the trace id added. */
import type { Failure } from '../domain/failure.ts';
import type { Reply } from '../domain/stages.ts';
import { withoutCredentials } from '../kit/without-credentials.ts';
import { escapeXml } from '../kit/xml.ts';

export function errorReply(failure: Failure, resource: string, requestId: string, traceId: string | undefined): Reply {
  const element = (name: string, text: string | undefined): string =>
    text === undefined ? '' : `<${name}>${escapeXml(text)}</${name}>`;
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error>' +
    element('Code', failure.code) +
    element('Message', failure.message) +
    element('Resource', withoutCredentials(resource)) +
    element('RequestId', failure.headers['x-amz-request-id'] ?? requestId) +
    element('HostId', failure.headers['x-amz-id-2']) +
    element('TraceId', traceId) +
    Object.entries(failure.details)
      .map(([name, text]) => element(name, text))
      .join('') +
    '</Error>';
  return { status: failure.status, headers: { ...failure.headers, ...helpFor(failure) }, body };
}

/** RFC 9110: 405 names the methods that are allowed; 503 says when to come back. */
function helpFor(failure: Failure): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/xml' };
  if (failure.status === 405) headers.allow = 'PUT, POST, DELETE';
  if (failure.status === 503 && failure.headers['retry-after'] === undefined) headers['retry-after'] = '2';
  return headers;
}
