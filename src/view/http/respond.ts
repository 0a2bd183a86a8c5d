/** Responses of the view that are not files. */
import type { ServerResponse } from 'node:http';

export function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(text);
}

export function respondWithJson(response: ServerResponse, json: string, isHead: boolean): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  response.end(isHead ? undefined : json);
}
