/**
 * A Failure as S3 says it (Amazon S3 API Reference, "REST error responses"), with the trace id added. Some elements repeat what
 * the client sent, such as the canonical request: none is longer than `error_element_characters`, escaping excluded.
 */
import type { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { objectMethods } from '../domain/operation.ts';
import type { Reply } from '../domain/stages.ts';
import { withoutCredentials } from '../kit/without-credentials.ts';
import { escapeXml } from '../kit/xml.ts';

const LONGEST = FIXED_LIMITS.error_element_characters;

export function errorReply(failure: Failure, resource: string, requestId: string, traceId: string | undefined): Reply {
  const element = (name: string, text: string | undefined): string =>
    text === undefined ? '' : `<${name}>${escapeXml(text.slice(0, LONGEST))}</${name}>`;
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
  return { status: failure.status, headers: { ...helpFor(failure), ...failure.headers, ...TYPE }, body };
}

const TYPE = { 'content-type': 'application/xml' };

/** RFC 9110: 405 lists the allowed methods, here those of every bucket; 503 may have Retry-After. */
function helpFor({ status, retryAfter }: Failure): Record<string, string> {
  if (status === 405) return { allow: ALLOW };
  return retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
}

const ALLOW = objectMethods({ head: false }).join(', ');
