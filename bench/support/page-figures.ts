/** The figures of a benchmark in docs/performance.md, as they were printed. */
import { readFileSync, writeFileSync } from 'node:fs';

const PAGE = new URL('../../docs/performance.md', import.meta.url);

/** @param mark the name in the two comments of the page, between which the text is replaced. */
export function writeFigures(mark: string, text: string): void {
  const marked = new RegExp(`(<!-- ${mark}: begin -->\\n)[\\s\\S]*(<!-- ${mark}: end -->)`);
  const day = new Date().toISOString().slice(0, 10);
  const block = `\n${day}, Node.js ${process.versions.node}:\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\`\n\n`;
  writeFileSync(
    PAGE,
    readFileSync(PAGE, 'utf8').replace(marked, (_, begin, end) => `${begin}${block}${end}`),
  );
}
