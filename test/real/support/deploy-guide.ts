/** The commands and the configuration of docs/deploy.md, so that tests run what it says. */
import { readFileSync } from 'node:fs';

const PAGE = new URL('../../../docs/deploy.md', import.meta.url);

/** @returns the text of the blocks of a section, in their order. @param language of the blocks. */
export function blocksOf(section: string, language: string): string[] {
  const [, text = ''] = readFileSync(PAGE, 'utf8').split(`\n## ${section}\n`);
  const [own = ''] = text.split('\n## ');
  return [...own.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1]!);
}
