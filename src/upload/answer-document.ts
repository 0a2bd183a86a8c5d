/** The store's XML answers as the client shall see them: the same document, with the names that the client used. */
import { Failure } from '../domain/failure.ts';
import type { Authorized } from '../domain/stages.ts';
import { escapeXml } from '../kit/xml.ts';

/** Documents of S3 have each of these elements once. */
const MOST_NAMES = 16;

/**
 * Replaces the content of `<Bucket>`, `<Location>` and `<UploadId>`: what the store calls them is not the client's business,
 * and would lead it nowhere. A `<` inside other values is escaped, so these tags cannot occur in them.
 * @param uploadId sealed.
 * @throws Failure store_invalid_answer where an element comes again and again: each would take the room of a whole name.
 */
export function documentForClient(xml: string, request: Authorized, uploadId: string | undefined): string {
  let left = MOST_NAMES;
  const names = { Bucket: request.bucket.name, Location: locationOf(request), UploadId: uploadId ?? '' };
  return xml.replace(/<(Bucket|Location|UploadId)>[^<]*<\/\1>/g, (_, name: keyof typeof names) => {
    if (left-- === 0) throw new Failure('store_invalid_answer', 'The store names the bucket again and again.');
    return `<${name}>${escapeXml(names[name])}</${name}>`;
  });
}

/** The path of the object as this client addresses it. */
function locationOf({ incoming }: Authorized): string {
  return `${incoming.scheme}://${incoming.headers.host ?? ''}${incoming.rawPath}`;
}
