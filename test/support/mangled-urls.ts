/** Requests in which a live credential came where none belongs: a presigned URL whose `?` was mangled on the way, a token in a key. */

export interface MangledTarget {
  readonly how: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const hex = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
const encoded = (text: string): string => text.replace(/[^A-Za-z0-9/]/g, hex);
const wide = (text: string): string =>
  text.replace(/[!-~]/g, (c) => encodeURIComponent(String.fromCharCode(c.charCodeAt(0) + 0xfee0)));
const NAMES = /X-Amz-[A-Za-z-]+/g;

/** @param path of an object. @param query of its presigned URL. @param token a JWT. */
export function mangledTargets(path: string, query: string, token: string): MangledTarget[] {
  const marks = ['%3F', '%3f', '%253F', '%25253f', '%2525253F', '%%33F', '&', ';', '+', '%26', '%20', wide('?')];
  return [
    ...marks.map((mark) => ({ how: `? written as ${mark}`, target: `${path}${mark}${query}` })),
    { how: 'all of it encoded', target: `${path}%3F${encoded(query)}` },
    { how: 'all of it encoded twice', target: `${path}%253F${encoded(encoded(query))}` },
    { how: 'semicolons', target: `${path}?partNumber=1;${query.replaceAll('&', ';')}` },
    { how: 'lower case', target: `${path}%3f${query.replace(NAMES, (name) => name.toLowerCase())}` },
    { how: 'upper case', target: `${path}%3f${query.replace(NAMES, (name) => name.toUpperCase())}` },
    { how: 'full-width names', target: `${path}%3F${query.replace(NAMES, wide)}` },
    { how: 'slashes', target: `${path}/${query.replaceAll(/[=&]/g, '/')}` },
    { how: 'a pasted URL', target: `${path}/https://s3.example.com/b/k%3F${query}` },
    { how: 'a token in the key', target: `${path}/${token}/file.txt` },
    { how: 'a token as a parameter', target: `${path}%3Faccess_token=${token}` },
    { how: 'a token after its scheme', target: `${path}%3FAuthorization:%20Bearer%20${token}` },
    { how: 'a token in headers', target: path, headers: { 'user-agent': `me ${token}`, tracestate: `me=${token}` } },
    {
      how: 'signatures of other clouds',
      target: `${path}%3FAWSAccessKeyId=AKIDOFANOTHER&Signature=sigv2OfAnother&sig=sasOfAnother&X-Goog-Signature=googOfAnother`,
    },
    { how: 'a password before a host', target: `${path}/http://jane:pw-of-jane@example.com/k` },
    { how: 'a password in an absolute form', target: `http://jane:pw-of-jane@example.com${path}` },
    { how: 'a password in Host', target: path, headers: { host: 'jane:pw-of-jane@example.com' } },
  ];
}

export const OTHER_SECRETS = ['AKIDOFANOTHER', 'sigv2OfAnother', 'sasOfAnother', 'googOfAnother', 'pw-of-jane'];

/** All of its readings: as it is, and decoded as often as that changes it. */
export function allReadings(text: string): string {
  const decoded = text.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
  return decoded === text ? text : `${text}\n${allReadings(decoded)}`;
}
