/** The table of supported operations: their requests and handlers. */
import type { OperationHandler } from './call.ts';
import { createBucket, headBucket } from './operations/buckets.ts';
import { completeMultipartUpload } from './operations/complete-multipart-upload.ts';
import {
  abortMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
} from './operations/create-multipart-upload.ts';
import { deleteObject, deleteObjects } from './operations/delete-objects.ts';
import { getObject } from './operations/get-object.ts';
import { listObjects } from './operations/list-objects.ts';
import { putObject } from './operations/put-object.ts';
import { listParts, uploadPart } from './operations/upload-part.ts';
import type { RequestHead } from './request-head.ts';
import { S3Error } from './s3-error.ts';

interface OperationShape {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly of: 'bucket' | 'object';
  /** Required query parameters, which select the operation. */
  readonly requires: readonly string[];
  /** Optional query parameters. */
  readonly allows: readonly string[];
  /** Whether the handler reads the body; if not, a body is an error. */
  readonly takesBody: boolean;
  readonly handler: OperationHandler;
}

export const STORE_OPERATIONS = {
  CreateBucket: { method: 'PUT', of: 'bucket', requires: [], allows: [], takesBody: true, handler: createBucket },
  HeadBucket: { method: 'HEAD', of: 'bucket', requires: [], allows: [], takesBody: false, handler: headBucket },
  ListObjectsV2: {
    method: 'GET',
    of: 'bucket',
    requires: ['list-type'],
    allows: ['prefix', 'delimiter', 'max-keys', 'continuation-token', 'start-after', 'encoding-type', 'fetch-owner'],
    takesBody: false,
    handler: listObjects,
  },
  DeleteObjects: {
    method: 'POST',
    of: 'bucket',
    requires: ['delete'],
    allows: [],
    takesBody: true,
    handler: deleteObjects,
  },
  ListMultipartUploads: {
    method: 'GET',
    of: 'bucket',
    requires: ['uploads'],
    allows: ['prefix', 'max-uploads', 'key-marker', 'upload-id-marker'],
    takesBody: false,
    handler: listMultipartUploads,
  },
  PutObject: { method: 'PUT', of: 'object', requires: [], allows: [], takesBody: true, handler: putObject },
  GetObject: { method: 'GET', of: 'object', requires: [], allows: [], takesBody: false, handler: getObject },
  HeadObject: { method: 'HEAD', of: 'object', requires: [], allows: [], takesBody: false, handler: getObject },
  DeleteObject: { method: 'DELETE', of: 'object', requires: [], allows: [], takesBody: false, handler: deleteObject },
  CreateMultipartUpload: {
    method: 'POST',
    of: 'object',
    requires: ['uploads'],
    allows: [],
    takesBody: false,
    handler: createMultipartUpload,
  },
  UploadPart: {
    method: 'PUT',
    of: 'object',
    requires: ['partNumber', 'uploadId'],
    allows: [],
    takesBody: true,
    handler: uploadPart,
  },
  CompleteMultipartUpload: {
    method: 'POST',
    of: 'object',
    requires: ['uploadId'],
    allows: [],
    takesBody: true,
    handler: completeMultipartUpload,
  },
  AbortMultipartUpload: {
    method: 'DELETE',
    of: 'object',
    requires: ['uploadId'],
    allows: [],
    takesBody: false,
    handler: abortMultipartUpload,
  },
  ListParts: {
    method: 'GET',
    of: 'object',
    requires: ['uploadId'],
    allows: ['max-parts', 'part-number-marker', 'encoding-type'],
    takesBody: false,
    handler: listParts,
  },
} as const satisfies Record<string, OperationShape>;

export type StoreOperation = keyof typeof STORE_OPERATIONS;

/** Parameters of the signature, and the ones that AWS SDKs add: x-id and the checksum of an empty body in presigned URLs. */
const WITHOUT_MEANING =
  /^(x-id|X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Content-Sha256|Security-Token)|x-amz-(checksum-\w+|content-sha256|sdk-checksum-algorithm|user-agent))$/;

export interface FoundOperation {
  readonly name: StoreOperation;
  readonly parameters: ReadonlyMap<string, string>;
}

/** @throws S3Error NotImplemented, InvalidArgument. */
export function findOperation(head: RequestHead): FoundOperation {
  const parameters = new Map<string, string>();
  for (const [name, value] of head.query) {
    if (WITHOUT_MEANING.test(name)) continue;
    if (parameters.has(name)) throw new S3Error('InvalidArgument', `The query parameter ${name} occurs twice.`);
    parameters.set(name, value);
  }
  const of = head.key === '' ? 'bucket' : 'object';
  if (head.bucket === '') throw new S3Error('NotImplemented', 'Requests outside a bucket are not supported.');
  const names = Object.keys(STORE_OPERATIONS) as StoreOperation[];
  const name = names.find((one) => fits(STORE_OPERATIONS[one], head.method, of, parameters));
  if (name === undefined) throw new S3Error('NotImplemented');
  return { name, parameters };
}

function fits(shape: OperationShape, method: string, of: string, parameters: ReadonlyMap<string, string>): boolean {
  if (shape.method !== method || shape.of !== of) return false;
  if (!shape.requires.every((name) => parameters.has(name))) return false;
  return [...parameters.keys()].every((name) => shape.requires.includes(name) || shape.allows.includes(name));
}
