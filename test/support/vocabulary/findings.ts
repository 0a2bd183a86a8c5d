/** Reads files and directories of the project, and finds the words and the sentences that our prose avoids. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { proseOfDocument } from './prose-of-document.ts';
import { type Prose, proseOfSource } from './prose-of-source.ts';
import { WORDS } from './words.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const PATTERNS = WORDS.map((word) => ({ ...word, pattern: new RegExp(word.pattern, `${word.pattern.flags}g`) }));

/** More words than this in one sentence are hard to read. */
const LONG = 25;

/** What is judged unless a part of it is named. */
export const AREAS = [
  'src',
  'page',
  'docs',
  'test',
  'demo',
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
];

export interface Finding {
  readonly place: string;
  readonly text: string;
  readonly advice: string;
}

function filesOf(path: string): string[] {
  const full = join(ROOT, path);
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(?:ts|md)$/.test(file))
    .map((file) => relative(ROOT, join(full, file)))
    .filter((file) => !file.startsWith('test/support/vocabulary'))
    .toSorted();
}

function proseOf(file: string): Prose[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  if (file.endsWith('.md')) return proseOfDocument(text, file);
  const prose = proseOfSource(text);
  // Of tests only the titles: their literals are data.
  return file.startsWith('test/') ? prose.filter(({ kind }) => kind === 'title') : prose;
}

/** Code and quotations inside of prose are what others wrote; blanks keep the lines. */
const withoutQuotations = ({ kind, text }: Prose): string =>
  kind === 'literal' || kind === 'title'
    ? text.replace(/`[^`\n]*`/g, (code) => code.replace(/./g, ' '))
    : text.replace(/`[^`]*`|"[^"]{0,200}"|[\w./-]+\.(?:md|ts|ya?ml)\b/g, (code) => code.replace(/[^\n]/g, ' '));

const lineOf = (prose: Prose, text: string, index: number): number =>
  prose.kind === 'literal' || prose.kind === 'title'
    ? prose.line
    : prose.line + text.slice(0, index).split('\n').length - 1;

const excerpt = (text: string, index: number, length: number): string =>
  text
    .slice(Math.max(0, index - 35), index + length + 35)
    .replace(/\s+/g, ' ')
    .trim();

function wordsIn(file: string, prose: Prose): Finding[] {
  const text = withoutQuotations(prose);
  return PATTERNS.flatMap(({ word, pattern, instead }) =>
    [...text.matchAll(pattern)].map((match) => ({
      place: `${file}:${lineOf(prose, text, match.index)}`,
      text: excerpt(text, match.index, match[0].length),
      advice: `${word} → ${instead}`,
    })),
  );
}

/** The end of a table's cell, which ends a sentence as well. */
const CELL_END = '\u2029';

/** Rows of tables, configuration and lists of names have no sentences to count. */
const countable = (sentence: string): string => sentence.replace(/[|*_#>]/g, ' ');

function longSentencesIn(file: string, prose: Prose): Finding[] {
  if (prose.kind === 'title') return [];
  const text = prose.kind === 'document' ? prose.text.replaceAll('|', CELL_END) : prose.text;
  return text
    .split(/(?<=[.!?:;])["')`*]*\s+(?=["'(`*[]*[\p{Lu}\p{N}`"]|-)|\u2029|\n\s*\n|\n\s*[-*] |\n\s*@/u)
    .map((sentence) =>
      countable(sentence)
        .trim()
        .split(/\s+/)
        .filter((word) => /[\p{L}\p{N}]/u.test(word)),
    )
    .filter((words) => words.length > LONG)
    .map((words) => ({
      place: `${file}:${lineOf(prose, text, Math.max(0, text.indexOf(words.slice(0, 2).join(' '))))}`,
      text: `${words.slice(0, 9).join(' ')} …`,
      advice: `${words.length} words`,
    }));
}

const judge = (paths: readonly string[], rule: (file: string, prose: Prose) => Finding[]): Finding[] =>
  paths.flatMap(filesOf).flatMap((file) => proseOf(file).flatMap((prose) => rule(file, prose)));

export const avoidedWords = (paths: readonly string[]): Finding[] => judge(paths, wordsIn);

export const longSentences = (paths: readonly string[]): Finding[] => judge(paths, longSentencesIn);

export const shown = ({ place, text, advice }: Finding): string => `${place}: "${text}"  ${advice}`;
