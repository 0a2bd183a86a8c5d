/** CreateBucket and HeadBucket. */
import type { OperationHandler } from '../call.ts';
import { emptyReply } from '../reply.ts';

/** The document may name a region: this store has one place for all. */
export const createBucket: OperationHandler = async ({ head, files, document }) => {
  await document();
  await files.objects.createBucket(head.bucket);
  return emptyReply(200, { location: `/${head.bucket}` });
};

/** That the bucket is there was checked before. */
export const headBucket: OperationHandler = async () => emptyReply(200);
