/** The store's XML answers as the client shall see them: the same document, with the names that the client used. */
import { escapeXml } from '../kit/xml.ts';

/**
 * Replaces the content of `<Bucket>` and `<Location>`: the bucket's name at the store and its address are not the client's
 * business, and would lead it nowhere. A `<` inside other values is escaped, so these tags cannot occur in them.
 */
export function documentForClient(xml: string, bucket: string, location: string): string {
  return xml
    .replace(/<Bucket>[^<]*<\/Bucket>/, () => `<Bucket>${escapeXml(bucket)}</Bucket>`)
    .replace(/<Location>[^<]*<\/Location>/, () => `<Location>${escapeXml(location)}</Location>`);
}
