/** HeadObject: the metadata of an object; for buckets with `head: allow`, authorized like an upload. */
import { objectHeadersForClient } from '../s3/header-allow-list.ts';
import { controlCall } from './control-call.ts';
import type { UploadHandler } from './handler.ts';

export const headObject: UploadHandler = async (request, scope) => {
  const response = await controlCall(request, scope);
  return { status: response.status, headers: objectHeadersForClient(response.headers), body: '' };
};
