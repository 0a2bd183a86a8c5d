/** The prose of a TypeScript file: its comments, and the string and template literals that hold more than one word. */

import { SyntaxKind } from 'typescript/unstable/ast';
import { createScanner, type Scanner } from 'typescript/unstable/ast/scanner';

export interface Prose {
  readonly kind: 'comment' | 'literal' | 'title' | 'document';
  readonly line: number;
  readonly text: string;
}

interface Token {
  readonly kind: SyntaxKind;
  readonly start: number;
  readonly text: string;
}

/** Stands for `${…}`, so that the words around an expression are judged as one sentence. */
const PLACEHOLDER = '…';

/** A slash after one of these continues an expression: it divides. After anything else it begins a regular expression. */
const OPERAND_ENDS = new Set<SyntaxKind>([
  SyntaxKind.Identifier,
  SyntaxKind.PrivateIdentifier,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateTail,
  SyntaxKind.CloseParenToken,
  SyntaxKind.CloseBracketToken,
  SyntaxKind.CloseBraceToken,
  SyntaxKind.ThisKeyword,
]);

const TRIVIA = new Set<SyntaxKind>([SyntaxKind.WhitespaceTrivia, SyntaxKind.NewLineTrivia]);
const COMMENTS = new Set<SyntaxKind>([SyntaxKind.SingleLineCommentTrivia, SyntaxKind.MultiLineCommentTrivia]);

/** The scanner alone does not know whether `}` ends a template's expression, or whether `/` begins a pattern. */
function rescanned(
  scanner: Scanner,
  kind: SyntaxKind,
  previous: SyntaxKind | undefined,
  templates: number[],
): SyntaxKind {
  const divides = previous !== undefined && OPERAND_ENDS.has(previous);
  if ((kind === SyntaxKind.SlashToken || kind === SyntaxKind.SlashEqualsToken) && !divides)
    return scanner.reScanSlashToken();
  if (kind === SyntaxKind.OpenBraceToken && templates.length > 0) templates[templates.length - 1]! += 1;
  if (kind !== SyntaxKind.CloseBraceToken || templates.length === 0) return kind;
  if (templates.at(-1)! > 0) {
    templates[templates.length - 1]! -= 1;
    return kind;
  }
  return scanner.reScanTemplateToken(false);
}

function tokensOf(source: string): Token[] {
  const scanner = createScanner(false, undefined, source);
  const templates: number[] = [];
  const tokens: Token[] = [];
  let previous: SyntaxKind | undefined;
  for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFile; kind = scanner.scan()) {
    kind = rescanned(scanner, kind, previous, templates);
    if (kind === SyntaxKind.TemplateHead) templates.push(0);
    if (kind === SyntaxKind.TemplateTail) templates.pop();
    if (TRIVIA.has(kind)) continue;
    const text = COMMENTS.has(kind) ? scanner.getTokenText() : scanner.getTokenValue();
    tokens.push({ kind, start: scanner.getTokenStart(), text });
    if (!COMMENTS.has(kind)) previous = kind;
  }
  return tokens;
}

const stripped = (comment: string): string =>
  comment
    .replace(/^\/\*\*?|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*(?:\*|\/\/)\s?/, ''))
    .join('\n');

/** Whether the literal before which these tokens are is the name of a module. */
const isModuleName = (before: Token | undefined): boolean =>
  before?.kind === SyntaxKind.FromKeyword || before?.kind === SyntaxKind.ImportKeyword;

const isTitle = (open: Token | undefined, callee: Token | undefined): boolean =>
  open?.kind === SyntaxKind.OpenParenToken && /^(?:it|describe|test|step|bench)$/.test(callee?.text ?? '');

/** Templates that are open while their parts are read; an expression may hold further ones. */
function literalsOf(tokens: readonly Token[], lineAt: (position: number) => number): Prose[] {
  const found: Prose[] = [];
  const open: { start: Token; text: string; title: boolean }[] = [];
  tokens.forEach((token, index) => {
    const title = isTitle(tokens[index - 1], tokens[index - 2]);
    if (token.kind === SyntaxKind.StringLiteral || token.kind === SyntaxKind.NoSubstitutionTemplateLiteral) {
      if (isModuleName(tokens[index - 1])) return;
      found.push({ kind: title ? 'title' : 'literal', line: lineAt(token.start), text: token.text });
    }
    if (token.kind === SyntaxKind.TemplateHead) open.push({ start: token, text: token.text, title });
    if (token.kind === SyntaxKind.TemplateMiddle) open.at(-1)!.text += PLACEHOLDER + token.text;
    if (token.kind === SyntaxKind.TemplateTail) {
      const { start, text, title: isOne } = open.pop()!;
      found.push({
        kind: isOne ? 'title' : 'literal',
        line: lineAt(start.start),
        text: text + PLACEHOLDER + token.text,
      });
    }
  });
  return found.filter(({ kind, text }) => kind === 'title' || /\S\s+\S/.test(text));
}

/** Comments of one line that follow each other are one comment. */
function commentsOf(tokens: readonly Token[], lineAt: (position: number) => number): Prose[] {
  const found: { line: number; last: number; text: string }[] = [];
  for (const { kind, start, text } of tokens) {
    if (!COMMENTS.has(kind) || text.startsWith('#!')) continue;
    const line = lineAt(start);
    const before = found.at(-1);
    const single = kind === SyntaxKind.SingleLineCommentTrivia;
    if (single && before?.last === line - 1) {
      before.text += `\n${stripped(text)}`;
      before.last = line;
    } else found.push({ line, last: single ? line : -1, text: stripped(text) });
  }
  return found.map(({ line, text }) => ({ kind: 'comment', line, text }));
}

export function proseOfSource(source: string): Prose[] {
  const starts = [0, ...[...source.matchAll(/\n/g)].map((match) => match.index + 1)];
  const lineAt = (position: number): number => starts.findLastIndex((start) => start <= position) + 1;
  const tokens = tokensOf(source);
  const code = tokens.filter(({ kind }) => !COMMENTS.has(kind));
  return [...literalsOf(code, lineAt), ...commentsOf(tokens, lineAt)];
}
