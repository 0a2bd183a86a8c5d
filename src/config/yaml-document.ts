/** Parses YAML into nodes, with their positions and the targets of aliases. */
import { type Alias, type Document, isAlias, isNode, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Complaint } from './field.ts';
import { YAML_MISTAKES } from './yaml-mistakes.ts';

export interface YamlDocument {
  /** Null for an empty file. */
  readonly root: Node | null;
  /** The target of each alias; undefined without a preceding anchor. */
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
 * The failsafe schema keeps every scalar as text (YAML 1.2, 10.1): the field defines its type.
 * The reader detects duplicate keys, because it knows their paths and the parser's own check is quadratic.
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

/** After an unexpected token, the parser reports many follow-up errors: only the first one is useful. */
function mistakesOf(document: Document.Parsed): YamlDocument['mistakes'] {
  const all = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  const unexpected = all.findIndex(({ code }) => code === 'UNEXPECTED_TOKEN');
  const useful = unexpected < 0 ? all : all.slice(0, unexpected + 1);
  return useful.map(({ code, pos }) => ({ offset: pos[0], complaint: YAML_MISTAKES[code] }));
}

/** An alias refers to the last preceding anchor of its name (YAML 1.2, 7.1). One pass for all aliases: a search for each is quadratic. */
function aliasTargets(document: Document.Parsed): Map<Alias, Node | undefined> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node | undefined>();
  visit(document, (_, node) => {
    if (isAlias(node)) targets.set(node, anchors.get(node.source));
    else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  });
  return targets;
}
