/** Whether the store of a bucket is Amazon S3: it keeps every key literally, and verifies every checksum. */
export function isAws({ endpoint }: { readonly endpoint?: string | undefined }): boolean {
  return endpoint === undefined || /(^|\.)amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}
