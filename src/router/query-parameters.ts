/** What the `x-amz-*` parameters of a query are: part of a signature, of no meaning, or headers that stand there. */

/** Carry a presigned request's credentials (AWS Signature V4, "Authenticating Requests: Using Query Parameters"). */
const SIGNATURE = /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i;
/** What the AWS SDK for JavaScript puts into a presigned URL: about an empty body, and so about nothing. */
const PRESIGNED_CHECKSUM = /^x-amz-(checksum-[a-z0-9]+|sdk-checksum-algorithm)$/i;

/** Whether the operation does not follow from it. */
export function saysNothing(name: string): boolean {
  return name === 'x-id' || SIGNATURE.test(name) || PRESIGNED_CHECKSUM.test(name);
}

export function isHeaderInQuery(name: string): boolean {
  return /^x-amz-/i.test(name) && !saysNothing(name);
}
