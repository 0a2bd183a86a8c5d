/** Why a signature is not accepted, as one closed table. The key is the reason, for spans and logs; a row is the S3 error. */

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
    message: 'The request is signed in its query and has an Authorization header too; only one of them may be there.',
  },
  malformed_header: {
    code: 'AuthorizationHeaderMalformed',
    status: 400,
    message: 'The Authorization header is not that of a Signature Version 4 request.',
  },
  malformed_query: {
    code: 'AuthorizationQueryParametersError',
    status: 400,
    message: 'The query parameters are not those of a Signature Version 4 request.',
  },
  duplicate_header: { code: 'InvalidRequest', status: 400, message: 'A header that is allowed once came twice.' },
  no_date: { code: 'AccessDenied', status: 403, message: 'The request has no valid x-amz-date and no valid Date.' },
  no_payload_hash: {
    code: 'InvalidRequest',
    status: 400,
    message: 'The header x-amz-content-sha256 is missing.',
  },
  bad_payload_hash: {
    code: 'InvalidArgument',
    status: 400,
    message:
      'x-amz-content-sha256 is neither a SHA-256 in lower-case hex, nor UNSIGNED-PAYLOAD, nor one of the STREAMING- words.',
  },
  unknown_access_key: { code: 'InvalidAccessKeyId', status: 403, message: 'The access key is not known here.' },
  invalid_token: { code: 'InvalidToken', status: 400, message: 'The security token is not that of the access key.' },
  skewed: {
    code: 'RequestTimeTooSkewed',
    status: 403,
    message: 'The time of the request and the time here are more than 15 minutes apart.',
  },
  not_yet_valid: { code: 'AccessDenied', status: 403, message: 'The request is not valid yet.' },
  expired: { code: 'AccessDenied', status: 403, message: 'The request has expired.' },
  unsigned_header: {
    code: 'AccessDenied',
    status: 403,
    message: 'There are headers in the request that should be signed and are not.',
  },
  wrong_signature: {
    code: 'SignatureDoesNotMatch',
    status: 403,
    message: 'The signature does not match the request; check the secret key and the method of signing.',
  },
} as const satisfies Record<string, RefusalShape>;

export type RefusalReason = keyof typeof REFUSALS;

export interface Refusal extends RefusalShape, Partial<SignedText> {
  readonly accepted: false;
  readonly reason: RefusalReason;
}

/** Of a wrong signature: what should have been signed. It holds what the client sent, its token too, so it is for the client only. */
export interface SignedText {
  readonly canonicalRequest: string;
  readonly stringToSign: string;
}

/** Ends a verification early; it does not leave the room. */
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
