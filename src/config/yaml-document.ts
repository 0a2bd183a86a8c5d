/** From the text of the file to the nodes of its YAML, with what is needed to find a node's place and an alias's target. */
import { type Alias, type Document, isAlias, isNode, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Complaint } from './field.ts';
import { YAML_MISTAKES } from './yaml-mistakes.ts';

export interface YamlDocument {
  /** Null where the file has no content. */
  readonly root: Node | null;
  /** What an alias stands for; undefined where no such anchor comes before it. */
  readonly targets: ReadonlyMap<Alias, Node | undefined>;
  readonly mistakes: readonly { readonly offset: number; readonly complaint: Complaint }[];
  lineAndColumn(offset: number): { readonly line: number; readonly column: number };
}

export function readYaml(text: string): YamlDocument {
  const lineCounter = new LineCounter();
  const lineAndColumn = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const document = parse(text, lineCounter);
  return { root: document.contents, targets: aliasTargets(document), mistakes: mistakesOf(document), lineAndColumn };
}

/**
 * The failsafe schema leaves every scalar the text that was written (YAML 1.2, 10.1): the field says what it means.
 * Equal keys are looked for by the reader, which knows their paths; the parser's own search is quadratic.
 */
function parse(text: string, lineCounter: LineCounter): Document.Parsed {
  return parseDocument(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter,
  });
}

/** Where the parser has lost its way it stumbles over every word that follows: only the first is worth telling. */
function mistakesOf(document: Document.Parsed): YamlDocument['mistakes'] {
  const all = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  const lost = all.findIndex(({ code }) => code === 'UNEXPECTED_TOKEN');
  const told = lost < 0 ? all : all.slice(0, lost + 1);
  return told.map(({ code, pos }) => ({ offset: pos[0], complaint: YAML_MISTAKES[code] }));
}

/** An alias means the latest anchor of its name before it (YAML 1.2, 7.1). One walk for all: a search for each is quadratic. */
function aliasTargets(document: Document.Parsed): Map<Alias, Node | undefined> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node | undefined>();
  visit(document, (_, node) => {
    if (isAlias(node)) targets.set(node, anchors.get(node.source));
    else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  });
  return targets;
}
