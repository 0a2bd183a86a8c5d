/** Keys, the canonical form of their path, and how HTTP clients and proxies write it. */

export interface Spelling {
  readonly key: string;
  /** Every byte encoded but `A-Za-z0-9-._~` and `/`. */
  readonly canonical: string;
  readonly spellings: readonly string[];
}

export const SPELLINGS: readonly Spelling[] = [
  { key: 'photo (1).jpg', canonical: 'photo%20%281%29.jpg', spellings: ['photo%20(1).jpg', 'photo%20%281%29.jpg'] },
  { key: 'a@b', canonical: 'a%40b', spellings: ['a@b', 'a%40b'] },
  { key: "it's", canonical: 'it%27s', spellings: ["it's", 'it%27s'] },
  { key: 'é', canonical: '%C3%A9', spellings: ['%c3%a9', '%C3%a9'] },
  { key: '\u{1F600}', canonical: '%F0%9F%98%80', spellings: ['%f0%9f%98%80'] },
  { key: 'a+b', canonical: 'a%2Bb', spellings: ['a+b', 'a%2bb'] },
  { key: 'a~b', canonical: 'a~b', spellings: ['a%7Eb', 'a%7eb', 'a~b'] },
  { key: 'a:b', canonical: 'a%3Ab', spellings: ['a:b', 'a%3ab'] },
  { key: 'plain-._', canonical: 'plain-._', spellings: ['%70lain%2D%2e%5f'] },
  {
    key: "=&;,$!*'()",
    canonical: '%3D%26%3B%2C%24%21%2A%27%28%29',
    spellings: ["=&;,$!*'()", '%3d%26%3b%2c%24%21%2a%27%28%29'],
  },
  { key: 'a/b', canonical: 'a/b', spellings: ['a%2Fb', 'a%2fb'] },
  { key: 'a//b', canonical: 'a//b', spellings: ['a/%2Fb', 'a//b', 'a%2f%2fb'] },
  { key: '100%', canonical: '100%25', spellings: ['100%25'] },
  { key: 'state=fl/x', canonical: 'state%3Dfl/x', spellings: ['state=fl/x'] },
];
