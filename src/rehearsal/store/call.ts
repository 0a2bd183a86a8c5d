/** The input of an operation: the verified request, the files, and access to the body. */
import type { BodyPromises } from './body-promises.ts';
import type { ObjectFiles } from './disk/object-files.ts';
import type { TemporaryFiles } from './disk/temporary-files.ts';
import type { UploadFiles } from './disk/upload-files.ts';
import type { ReceivedBody } from './receive-body.ts';
import type { Reply } from './reply.ts';
import type { RequestHead } from './request-head.ts';

export interface StoreFiles {
  readonly objects: ObjectFiles;
  readonly uploads: UploadFiles;
  readonly temporary: TemporaryFiles;
}

export interface Call {
  readonly head: RequestHead;
  /** The query parameters of the operation. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly files: StoreFiles;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly promises: BodyPromises;
  /** Reads the body, like `receiveBody`. Call once. */
  receive(write: (bytes: Buffer) => Promise<void>): Promise<ReceivedBody>;
  /** Reads and verifies the whole body. Call once. @throws S3Error MaxMessageLengthExceeded. */
  document(): Promise<Buffer>;
}

export type OperationHandler = (call: Call) => Promise<Reply>;
