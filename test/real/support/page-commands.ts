/** Commands and files of a page of the documentation, so that a test can run what it says. */
import { readFileSync } from 'node:fs';

/**
 * @param document its path below the root.
 * @param heading of the section, without `#`.
 * @param language as written after the opening fence.
 * @returns the text of every such block in the section, without its indentation.
 */
export function blocksOf(document: string, heading: string, language: string): string[] {
  const text = readFileSync(new URL(`../../../${document}`, import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`${document} has no section ${heading}`);
  const blocks = section.matchAll(new RegExp(`^( *)\`\`\`${language}\n(.*?)^\\1\`\`\`$`, 'gms'));
  return [...blocks].map(([, indent, block]) => block!.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}
