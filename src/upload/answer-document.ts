/** The store's XML answers as the client shall see them: the same document, with the names that the client used. */
import type { Authorized } from '../domain/stages.ts';
import { escapeXml } from '../kit/xml.ts';

/**
 * Replaces the content of `<Bucket>`, `<Location>` and `<UploadId>`: what the store calls them is not the client's business,
 * and would lead it nowhere. A `<` inside other values is escaped, so these tags cannot occur in them.
 * @param uploadId sealed.
 */
export function documentForClient(xml: string, request: Authorized, uploadId: string | undefined): string {
  const names = { Bucket: request.bucket.name, Location: locationOf(request), UploadId: uploadId ?? '' };
  return xml.replace(
    /<(Bucket|Location|UploadId)>[^<]*<\/\1>/g,
    (_, name: keyof typeof names) => `<${name}>${escapeXml(names[name])}</${name}>`,
  );
}

/** The path of the object as this client addresses it. */
function locationOf({ incoming }: Authorized): string {
  return `${incoming.scheme}://${incoming.headers.host ?? ''}${incoming.rawPath}`;
}
