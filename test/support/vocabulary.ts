/**
 * Prints the words that our prose avoids, with what to write instead, then sentences that are too long.
 * `node test/support/vocabulary.ts [PATH …]`, for example `src/config docs README.md`; without a path everything.
 */

import { AREAS, avoidedWords, longSentences, shown } from './vocabulary/findings.ts';

const paths = process.argv.length > 2 ? process.argv.slice(2) : AREAS;
const words = avoidedWords(paths);
const sentences = longSentences(paths);
for (const finding of words) console.log(shown(finding));
console.log(`\n${words.length} words to replace\n`);
for (const finding of sentences) console.log(shown(finding));
console.log(`\n${sentences.length} sentences with more than 25 words`);
process.exitCode = words.length > 0 ? 1 : 0;
