/** Looks up request headers in the table of src/domain/request-headers.ts. */
import type { OperationName } from './operation.ts';
import { REQUEST_HEADERS, type RequestHeader } from './request-headers.ts';

const EXACT = new Map(REQUEST_HEADERS.filter(({ name }) => !name.endsWith('*')).map((row) => [row.name, row]));
const PREFIXES = REQUEST_HEADERS.filter(({ name }) => name.endsWith('*'));

/** @param name lower case. @returns the row of a header; undefined where there is none. */
export function requestHeader(name: string): RequestHeader | undefined {
  return EXACT.get(name) ?? PREFIXES.find((row) => name.startsWith(row.name.slice(0, -1)));
}

/** Exact names that go to the store with an operation. */
export function namesPassedWith(operation: OperationName): ReadonlySet<string> {
  const passed = [...EXACT.values()].filter(({ operations }) => operations?.includes(operation));
  return new Set(passed.map(({ name }) => name));
}

/** Whether proxies add a header behind the client, so that no signature covers it. @param name lower case. */
export function isAddedOnTheWay(name: string): boolean {
  return requestHeader(name)?.addedOnTheWay === true;
}
