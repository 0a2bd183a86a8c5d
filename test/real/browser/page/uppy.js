/** Uppy with its plugin for S3: one PUT, parts, a form, and keys with which it signs in the page. */
import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';
import { pattern } from '../pattern.ts';

export const uploadByUppy = (options) =>
  uploadWith(options, { ...signedElsewhere(options), shouldUseMultipart: false });

export const uploadByUppyParts = (options) =>
  uploadWith(options, { ...signedElsewhere(options), shouldUseMultipart: true });

export const uploadByUppyForm = (options) =>
  uploadWith(options, { signRequest: () => options.signForm(), shouldUseMultipart: false });

export function uploadByUppyKeys(options) {
  const { endpoint, bucket, keys } = options;
  const getCredentials = async () => ({ credentials: keys, region: 'us-east-1' });
  const signing = { s3Endpoint: `${endpoint}/${bucket}`, region: 'us-east-1', getCredentials };
  return uploadWith(options, { ...signing, shouldUseMultipart: options.size > 5 * 1024 ** 2 });
}

const signedElsewhere = ({ sign }) => ({ signRequest: async (request) => ({ url: await sign(request) }) });

async function uploadWith({ key, size, onProgress = () => {} }, plugin) {
  const uppy = new Uppy({ logger: { debug() {}, warn() {}, error() {} } });
  uppy.use(AwsS3, { ...plugin, generateObjectKey: () => key });
  uppy.on('upload-progress', (_file, { bytesUploaded }) => {
    if (bytesUploaded > 0) onProgress(uppy);
  });
  uppy.addFile({ name: 'photo.png', type: 'image/png', data: new Blob([pattern(size)], { type: 'image/png' }) });
  const { failed } = await uppy.upload();
  if (failed.length === 0) return { refusal: undefined };
  return { failure: String(failed[0].error) };
}
