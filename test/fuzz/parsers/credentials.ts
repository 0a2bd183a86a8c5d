/** Signatures, tokens and policies: read from whoever sends them, before they are known to be good. */
import { bearerAuthenticator } from '../../../src/auth/bearer.ts';
import { verifiedToken } from '../../../src/auth/jwt/claims.ts';
import { parseKeySet } from '../../../src/auth/jwt/fetch-key-set.ts';
import { MAX_TOKEN, parseToken } from '../../../src/auth/jwt/parse-token.ts';
import { hasUniqueMembers } from '../../../src/auth/jwt/unique-members.ts';
import { claimOfForm } from '../../../src/auth/post-policy/form-claim.ts';
import { judgePolicy } from '../../../src/auth/post-policy/judge-policy.ts';
import { parsePolicy } from '../../../src/auth/post-policy/policy-document.ts';
import { queryOf, writeQuery } from '../../../src/authz/authorization-query.ts';
import { nameOf } from '../../../src/authz/openfga-names.ts';
import { receivedHeaders } from '../../../src/domain/received-headers.ts';
import { deriveKey } from '../../../src/kit/derive-key.ts';
import { chunkChain } from '../../../src/sigv4/chunk-chain.ts';
import { SigningKey, SigningKeys } from '../../../src/sigv4/signing-key.ts';
import { verifyRequest } from '../../../src/sigv4/verify.ts';
import { UploadIds } from '../../../src/upload-id/seal.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';
import { asItIs, isError, type Parser } from './parser.ts';

const DAY = '20300101';
const DATE = `${DAY}T000000Z`;
const NOW = Date.UTC(2030, 0, 1);
const SCOPE = `${DAY}/us-east-1/s3/aws4_request`;
const KEYS = { keys: new SigningKeys('secret') };
const SIGNATURE = '0'.repeat(64);
const authorization = (signed: string, credential = `key/${SCOPE}`): string =>
  `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${SIGNATURE}`;
const verify = (rawHeaders: readonly string[], query: readonly (readonly [string, string])[] = []): unknown =>
  verifyRequest({ method: 'PUT', path: '/a/b', query, received: receivedHeaders(rawHeaders) }, () => KEYS, NOW);
const dated = ['host', 'h', 'x-amz-date', DATE, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD'];
const signed = 'host;x-amz-content-sha256;x-amz-date';

const UPLOAD_IDS = new UploadIds('secret-secret-secret-secret-secret-', 'uploads');
const CHAIN = chunkChain(
  new SigningKey('secret', { day: DAY, region: 'r', service: 's3' }),
  DATE,
  SCOPE,
  deriveKey('a', 'b').toString('hex'),
);
const bearer = bearerAuthenticator({
  verify: (token) => ({ subject: String(parseToken(token).keyId), claims: {}, expiresAt: 0 }),
});
const policyOf = (conditions: string): string =>
  Buffer.from(`{"expiration":"2030-12-31T12:00:00.000Z","conditions":[${conditions}]}`, 'latin1').toString('base64');
const tokenOf = (payload: string): string =>
  `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${Buffer.from(payload, 'latin1').toString('base64url')}.AAAA`;

/** So few that each can become a member, and the whole is not longer than the text. */
const lettersOf = (text: string): string[] => text.slice(0, text.length / 16).split('');

export const CREDENTIALS: readonly Parser[] = [
  {
    reads: 'the Authorization header of Signature Version 4',
    files: ['sigv4/claim-in-header.ts', 'sigv4/claim.ts', 'sigv4/signer-cache.ts', 'sigv4/verify.ts'],
    frames: [
      (text) => `AWS4-HMAC-SHA256 ${text}`,
      (text) => authorization(text),
      (text) => authorization('host', text),
      asItIs,
    ],
    pieces: [' ', ',', ';', '/', 'a;', 'Credential=', 'Credential=a,', '=', 'a', 'a/', '\t', 'SignedHeaders=a;b,'],
    read: (text) => verify([...dated, 'authorization', text]),
  },
  {
    reads: 'the value of a signed header',
    files: ['sigv4/canonical-request.ts', 'sigv4/header-index.ts', 'kit/outer-blanks.ts'],
    frames: [asItIs, (text) => `x${text}x`, (text) => `${text}x`],
    pieces: [' ', '\t', ' \t', '  a', 'a ', '\xa0'],
    read: (text) => verify(['authorization', authorization(`${signed};z`), ...dated, 'z', text]),
  },
  {
    reads: 'a signed header that came often',
    files: ['sigv4/header-index.ts'],
    frames: [asItIs],
    pieces: ['a\n', ' \n', '\n', 'authorization\n'],
    read: (text) =>
      verify(['authorization', authorization(`${signed};z`), ...dated, ...text.split('\n').flatMap((it) => ['z', it])]),
  },
  {
    reads: 'the query of a presigned request',
    files: ['sigv4/claim-in-query.ts', 'sigv4/canonical-request.ts', 'kit/percent.ts'],
    frames: [asItIs],
    pieces: ['a=b&', 'b&', "'=(&", '\xe9=&', ' =&', 'X-Amz-Date=&'],
    read: (text) =>
      verify(
        ['host', 'h'],
        [
          ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
          ['X-Amz-Credential', `key/${SCOPE}`],
          ['X-Amz-Date', DATE],
          ['X-Amz-Expires', '60'],
          ['X-Amz-SignedHeaders', 'host'],
          ['X-Amz-Signature', SIGNATURE],
          ...text.split('&').map((pair, i) => [`${pair}${i % 7}`, pair] as const),
        ],
      ),
  },
  {
    reads: 'the signature of a chunk',
    files: ['sigv4/chunk-chain.ts'],
    frames: [asItIs],
    pieces: ['0', 'é', 'a'],
    read: (text) => CHAIN.verifyChunk('', text),
  },
  {
    reads: 'a bearer token',
    files: ['auth/bearer.ts', 'auth/jwt/parse-token.ts', 'auth/jwt/unique-members.ts'],
    frames: [(text) => `Bearer ${text}`, (text) => `Bearer ${tokenOf(text)}`, asItIs],
    pieces: ['.', ' ', 'a', '{', '[', '{"a":', '"a":1,', '"', '\\', '\\"', '\\u0061', 'Bearer '],
    most: MAX_TOKEN,
    read: (text) =>
      bearer.authenticate(resolvedRequest({ incoming: { received: { authorization: text } } }), {
        method: 'jwt',
        keyId: undefined,
        keySource: undefined,
      }),
  },
  {
    reads: 'JSON that may name a member twice',
    files: ['auth/jwt/unique-members.ts'],
    frames: [
      (text) => JSON.stringify(text),
      (text) => JSON.stringify({ [text]: text }),
      (text) => JSON.stringify(lettersOf(text).map((c) => ({ [c]: 1 }))),
      (text) => '['.repeat(text.length / 2) + ']'.repeat(text.length / 2),
      (text) => JSON.stringify(Object.fromEntries(lettersOf(text).map((c, i) => [c + i, 1]))),
    ],
    pieces: ['"', '\\', '\\"', 'a', '{', ':', '\n', '\xe9'],
    read: hasUniqueMembers,
  },
  {
    reads: 'the subject of a token',
    files: ['auth/jwt/claims.ts'],
    frames: [asItIs],
    pieces: ['a', '\0', '\xe9', ' '],
    most: MAX_TOKEN,
    read: (text) => verifiedToken({ exp: NOW, sub: text }, { subject_claim: 'sub', leeway_seconds: 0 } as never, NOW),
  },
  {
    reads: 'a key set',
    files: ['auth/jwt/fetch-key-set.ts'],
    frames: [
      asItIs,
      (text) => `{"keys":[${text}`,
      (text) => JSON.stringify({ keys: [{ kty: 'oct', kid: text, ...lettersOf(text) }] }),
      (text) => JSON.stringify({ keys: lettersOf(text).map((kid) => ({ kty: 'oct', kid })) }),
    ],
    pieces: ['{', '[', '{"kty":"oct"},', '"', '\\', ' ', 'a'],
    refuses: (error) => isError(error) || (error as Error).name === 'JWKSInvalid',
    read: (text) => parseKeySet(text).fingerprint,
  },
  {
    reads: 'the policy of a form',
    files: ['auth/post-policy/policy-document.ts', 'auth/post-policy/judge-policy.ts'],
    frames: [
      (text) => policyOf(text.slice(0, text.lastIndexOf('],') + 1)),
      (text) => policyOf(`["eq","$a","${text}"]`),
      asItIs,
    ],
    pieces: [
      '["starts-with","$content-type",""],',
      '["starts-with","$key","k"],',
      '{"key":"k"},',
      '{"a":"b"},',
      '["content-length-range",0,9],',
      '[',
      'a',
      '=',
    ],
    most: 20 * 1024,
    read: (text) => judge(text, ','.repeat(text.length)),
  },
  {
    reads: 'content types that a policy restricts',
    files: ['auth/post-policy/judge-policy.ts'],
    frames: [asItIs, (text) => `image/png,${text}`],
    pieces: [',', 'image/png,', ' ', ' image/,', 'i', '\t,'],
    most: 20 * 1024,
    read: (text) =>
      judge(
        policyOf(
          Array(Math.ceil(text.length / 64))
            .fill('["starts-with","$content-type","image/"]')
            .join(','),
        ),
        text,
      ),
  },
  {
    reads: 'the credential of a form',
    files: ['auth/post-policy/form-claim.ts'],
    frames: [asItIs, (text) => `${text}/${SCOPE}`],
    pieces: ['/', 'a', `/${DAY}`, '/s3', `/${SCOPE}`, '\0'],
    most: 20 * 1024,
    read: (text) =>
      claimOfForm(
        new Map([
          ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
          ['x-amz-credential', text],
          ['x-amz-date', DATE],
          ['x-amz-signature', text],
          ['policy', text],
        ]),
      ),
  },
  {
    reads: 'an upload id',
    files: ['upload-id/seal.ts'],
    frames: [asItIs],
    pieces: ['A', '=', '-', ' '],
    read: (text) => UPLOAD_IDS.open(text, text.slice(0, 1024)),
  },
  {
    reads: 'what a policy engine is asked',
    files: ['authz/authorization-query.ts', 'authz/openfga-names.ts'],
    frames: [asItIs],
    pieces: ['a', '"', '\\', '\xe9', '#', ' ', ':', '*', '%'],
    read(text) {
      const claims = { roles: text.slice(0, MAX_TOKEN).split('') };
      const headers = { 'content-type': text };
      const question = queryOf(resolvedRequest({ identity: { claims }, incoming: { headers, rawPath: text } }));
      return [writeQuery(question, { input: question }), nameOf('user', text, 512)];
    },
  },
];

function judge(policy: string, contentTypes: string): unknown {
  const fields = new Map([
    ['content-type', contentTypes],
    ['a', 'b'],
  ]);
  return judgePolicy(
    parsePolicy(policy),
    { bucket: 'uploads', key: 'k', fields, fileLength: { least: 5, most: 5 } },
    NOW,
  );
}
