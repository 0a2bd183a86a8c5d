/** The examples in a document, so that what is written there is what runs here. */
import { readFileSync } from 'node:fs';

/**
 * @param document its path below the root.
 * @param language as written after the opening fence.
 * @returns the text of every such block, in order.
 */
export function examplesIn(document: string, language: string): string[] {
  const text = readFileSync(new URL(`../../../${document}`, import.meta.url), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1]!);
}
