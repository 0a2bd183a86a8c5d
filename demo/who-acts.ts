/** The side that has to act on a failed upload, from its trace: the type, and the detail or the reason of the SERVER span. */
import { FAILURES, type FailureType } from '../src/domain/failures.ts';
import type { ReceivedSpan } from './received-span.ts';

const ACTORS = { client: 'the client', gateway: 'the operator of the gateway', store: 'the operator of the store' };

/** @returns undefined for an upload that succeeded. */
export function whoActs(spans: readonly ReceivedSpan[]): string | undefined {
  const failed = spans.find(({ name, attributes }) => name === 'http.server.request' && attributes.has('error.type'));
  if (failed === undefined) return undefined;
  const type = String(failed.attributes.get('error.type')) as FailureType;
  const cause = failed.attributes.get('mizuchi.error.detail') ?? failed.attributes.get('error.reason');
  return `${ACTORS[FAILURES[type].side]} acts: ${cause === undefined ? type : `${type}, ${cause}`}`;
}
