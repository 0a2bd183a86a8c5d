/** Attributes that the semantic conventions do not define, by namespace. New ones belong to `mizuchi`. */

export const OWN_NAMESPACES: Readonly<Record<string, string>> = {
  mizuchi: 'the configuration of the gateway, the id and the arrival of a request, details of errors',
  s3: 'the S3 operation, and the error in the response',
  upload: 'the way, the size and the waits of an upload',
  auth: 'authentication',
  authz: 'authorization and its engines',
  sampling: 'the reason why a trace is kept',
};
