/** What the generated pages have in common: their first lines, and tables. */

/** Title and a word that the page is made by a machine. */
export function head(title: string): string {
  return `# ${title}\n\n<!-- Made by \`npm run docs\`. Change the source that it names, not this file. -->\n`;
}

export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(columns), `|${' --- |'.repeat(columns.length)}`, ...rows.map(line)].join('\n');
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const code = (text: string): string => `\`${text}\``;
