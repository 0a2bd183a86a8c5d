/**
 * What the gateway does not take from a client that a store takes, and why: docs/clients.md says it, and an outcome of the matrix
 * that is not here fails the test.
 */
export interface Refusal {
  readonly clients: readonly string[];
  /** The ways, or `key …`. */
  readonly ways: RegExp;
  /** The ways in words. */
  readonly what: string;
  readonly why: string;
}

const QUOTED = ["`'()*!`", 'in a key'].join(' ');

export const REFUSALS: readonly Refusal[] = [
  {
    clients: ['pyarrow'],
    ways: /./,
    what: 'every upload',
    why: 'The AWS SDK for C++ sends `x-amz-api-version`, which this version of the gateway refuses with 501.',
  },
  {
    clients: ['OpenDAL', 'aws4fetch'],
    ways: /^key (q'|photo )/,
    what: QUOTED,
    why: 'They sign the path as RFC 3986 encodes it, but send these characters as they are; the gateway verifies the path as it was sent.',
  },
  {
    clients: ['mc'],
    ways: /^checksum$/,
    what: '`--checksum` over TLS',
    why: 'It ends the line of its trailer with LF instead of CRLF. Without `--checksum` the upload works.',
  },
  {
    clients: ['DuckDB', 's3fs', 's3cmd', 'AWS CLI', 'AWS CLI of 2023', 'rclone', 'rclone of 2022'],
    ways: /^tree$/,
    what: 'a folder, partitions',
    why: 'They list the bucket before they upload. Upload single files with them.',
  },
  {
    clients: ['mc'],
    ways: /^(tree|sync)$/,
    what: '`mc mirror`',
    why: 'It lists the bucket before it uploads. Refused, it exits with 0 and uploads nothing: use `mc cp` for single files.',
  },
];
