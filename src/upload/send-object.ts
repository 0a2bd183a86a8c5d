/** PutObject and UploadPart: the object's bytes go from the client to the store, and a 2xx means that the store has all of them. */
import { planBody } from '../body/body-plan.ts';
import { headersForStore } from '../s3/header-allow-list.ts';
import type { UploadHandler } from './handler.ts';
import { chooseWay, createWays, type WayOptions } from './ways/choose-way.ts';
import { showWay } from './ways/show-way.ts';

export interface ObjectOptions extends WayOptions {
  /** Largest object of one request, in bytes. */
  readonly maxObjectBytes: number;
  /** Largest part of a client's multipart upload, in bytes. */
  readonly maxPartBytes: number;
}

/** @returns the handler of PutObject and UploadPart. */
export function createSendObject(options: ObjectOptions): UploadHandler {
  const ways = createWays(options);
  return async (request, scope) => {
    const { operation, incoming, bucket } = request;
    const limit = operation === 'UploadPart' ? options.maxPartBytes : options.maxObjectBytes;
    // These refuse before the body is requested from the client.
    const headers = headersForStore(operation, incoming.headers, bucket.headerRules);
    const plan = planBody(request, limit, bucket.checksums, isLocked(headers));
    const upload = { request, plan, headers, scope };
    const { way, reason } = chooseWay(ways, upload);
    scope.transfer.sizeBytes = plan.length;
    scope.span.set('upload.size_bytes', plan.length);
    showWay(scope, way.name, reason);
    return way.send(upload);
  };
}

/** By the client, or by the operator's fixed headers. */
const isLocked = (headers: Readonly<Record<string, string>>): boolean =>
  Object.keys(headers).some((name) => name.startsWith('x-amz-object-lock-'));
