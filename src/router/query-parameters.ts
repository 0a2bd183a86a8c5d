/** Classifies `x-amz-*` query parameters: part of the signature, without effect, or headers of a presigned URL. */

/** Parameters of a presigned URL's signature (AWS Signature V4, "Authenticating Requests: Using Query Parameters"). */
const SIGNATURE = /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i;
/** The AWS SDK for JavaScript adds these for an empty body when it presigns a URL. */
const PRESIGNED_CHECKSUM = /^x-amz-(checksum-[a-z0-9]+|sdk-checksum-algorithm)$/i;

/** Whether the parameter does not affect the operation. */
export function hasNoEffect(name: string): boolean {
  return name === 'x-id' || SIGNATURE.test(name) || PRESIGNED_CHECKSUM.test(name);
}

export function isHeaderInQuery(name: string): boolean {
  return /^x-amz-/i.test(name) && !hasNoEffect(name);
}
