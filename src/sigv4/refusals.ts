/** The table of reasons to reject a signature. The key is the reason, for spans and logs; the row is the S3 error. */

export interface RefusalShape {
  /** S3 error code. */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  readonly message: string;
}

export const REFUSALS = {
  anonymous: { code: 'AccessDenied', status: 403, message: 'The request is not signed.' },
  two_mechanisms: {
    code: 'InvalidArgument',
    status: 400,
    message: 'The request is signed in its query and in an Authorization header. Use only one of them.',
  },
  malformed_header: {
    code: 'AuthorizationHeaderMalformed',
    status: 400,
    message: 'The Authorization header is not a valid Signature Version 4 header.',
  },
  malformed_query: {
    code: 'AuthorizationQueryParametersError',
    status: 400,
    message: 'The query parameters are not a valid Signature Version 4 signature.',
  },
  duplicate_header: { code: 'InvalidRequest', status: 400, message: 'A header that is allowed once occurs twice.' },
  no_date: { code: 'AccessDenied', status: 403, message: 'The request has no valid x-amz-date and no valid Date.' },
  no_payload_hash: {
    code: 'InvalidRequest',
    status: 400,
    message: 'The header x-amz-content-sha256 is missing. Send the SHA-256 of the body, or UNSIGNED-PAYLOAD.',
  },
  bad_payload_hash: {
    code: 'InvalidArgument',
    status: 400,
    message:
      'x-amz-content-sha256 is neither a SHA-256 in lower-case hex, nor UNSIGNED-PAYLOAD, nor a STREAMING- value.',
  },
  unknown_access_key: {
    code: 'InvalidAccessKeyId',
    status: 403,
    message: 'The access key is unknown to this bucket. Check the access key and the bucket.',
  },
  invalid_token: {
    code: 'InvalidToken',
    status: 400,
    message: 'The security token does not belong to the access key.',
  },
  skewed: {
    code: 'RequestTimeTooSkewed',
    status: 403,
    message:
      'The difference between the time of the request and the time of the gateway is more than 15 minutes. Check the clock.',
  },
  not_yet_valid: { code: 'AccessDenied', status: 403, message: 'The request is not valid yet.' },
  expired: { code: 'AccessDenied', status: 403, message: 'The request has expired.' },
  unsigned_header: {
    code: 'AccessDenied',
    status: 403,
    message: 'Some request headers are not signed, but must be.',
  },
  wrong_signature: {
    code: 'SignatureDoesNotMatch',
    status: 403,
    message: 'The signature does not match the request. Check the secret key and the signing method.',
  },
} as const satisfies Record<string, RefusalShape>;

export type RefusalReason = keyof typeof REFUSALS;

export interface Refusal extends RefusalShape, Partial<SignedText> {
  readonly accepted: false;
  readonly reason: RefusalReason;
}

/** For a wrong signature: the expected canonical request. It contains request data and the token, so only the client gets it. */
export interface SignedText {
  readonly canonicalRequest: string;
  readonly stringToSign: string;
}

/** Ends a verification early; internal to this folder. */
export class SignatureRefused extends Error {
  override readonly name = 'SignatureRefused';
  readonly refusal: Refusal;

  constructor(reason: RefusalReason, message: string = REFUSALS[reason].message, signed?: SignedText) {
    super(message);
    const { code, status } = REFUSALS[reason];
    this.refusal = { accepted: false, reason, code, status, message, ...signed };
  }
}

export function refuse(reason: RefusalReason, message?: string, signed?: SignedText): never {
  throw new SignatureRefused(reason, message, signed);
}
