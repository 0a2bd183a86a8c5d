/** The prose of a Markdown page: code blocks, inline code, addresses of links and HTML are left out, lines keep their number. */

import type { Prose } from './prose-of-source.ts';

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

const withoutCode = (page: string): string =>
  page
    .replace(/^(\s*)(```+|~~~+)[^\n]*\n[\s\S]*?^\s*\2\s*$/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/\]\([^)\n]*\)/g, (link) => `]${' '.repeat(link.length - 1)}`);

/** Of CHANGELOG.md only what is not released: what was published stays as it is. */
const unreleased = (page: string): string => {
  const start = page.indexOf('## [Unreleased]');
  const end = page.indexOf('\n## [', start + 1);
  return page.slice(0, end < 0 ? page.length : end);
};

/** Headings, rows of tables and empty lines are paragraphs by themselves; items of lists and quotations begin one. */
const ALONE = /^\s*(?:#{1,6} |\||$)/;
const BEGINS = /^\s*(?:[-*+] |\d+\. |>)/;

/** Paragraphs with the number of their first line. */
export function proseOfDocument(page: string, file: string): Prose[] {
  const lines = withoutCode(file.endsWith('CHANGELOG.md') ? unreleased(page) : page).split('\n');
  const found: { kind: 'document'; line: number; text: string }[] = [];
  lines.forEach((line, index) => {
    const continues = index > 0 && !ALONE.test(line) && !BEGINS.test(line) && !ALONE.test(lines[index - 1]!);
    if (continues) found.at(-1)!.text += `\n${line}`;
    else found.push({ kind: 'document', line: index + 1, text: line });
  });
  return found.filter(({ text }) => text.trim() !== '');
}
