/** XMLHttpRequest to a presigned URL: the way to show progress. */
import { pattern } from '../pattern.ts';
import { refusal } from './refusal.js';

export function uploadByPresignedXhr({ url, size, onProgress = () => {} }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let progress = 0;
    request.upload.onprogress = ({ loaded }) => {
      progress = loaded;
      onProgress(request);
    };
    request.onload = () => {
      const requestId = request.getResponseHeader('x-amz-request-id');
      const etag = request.getResponseHeader('etag');
      resolve({ refusal: refusal(request.status, request.responseText, requestId), etag, progress });
    };
    request.onerror = () => reject(new Error('network error'));
    request.onabort = () => reject(new Error('aborted'));
    request.open('PUT', url);
    request.send(new Blob([pattern(size)]));
  });
}
