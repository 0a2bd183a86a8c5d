/** One reading of a file: collects what is wrong, follows aliases, and bounds the work that a hostile file can cause. */
import { isAlias, type Node } from 'yaml';
import type { Environment } from './expand.ts';
import type { Complaint } from './field.ts';
import type { YamlDocument } from './yaml-document.ts';

export interface Place {
  /** Such as `buckets[0].s3.region`. */
  readonly path: string;
  /** In the text of the file. */
  readonly offset: number;
}

export interface Found extends Place {
  readonly message: string;
}

/** Far more values than a file of the greatest size holds without aliases that multiply them. */
const MAX_VALUES = 200_000;

export class Reading {
  readonly env: Environment;
  readonly found: Found[] = [];
  /** Paths of all that the file gives a value for. */
  readonly given = new Set<string>();
  /** Objects of which a field could not be read. */
  readonly incomplete = new WeakSet<object>();
  readonly #document: YamlDocument;
  #values = 0;

  constructor(document: YamlDocument, env: Environment) {
    this.env = env;
    this.#document = document;
  }

  /** @param subject stands before what is wrong, such as the value in quotes. */
  complain({ path, offset }: Place, { wrong, mend }: Complaint, subject = ''): void {
    this.found.push({ path, offset, message: `${subject === '' ? '' : `${subject} `}${wrong}; ${mend}` });
  }

  /** The node itself, or what an alias stands for; undefined where that cannot be had, which is then reported. */
  follow(node: Node, place: Place): Node | undefined {
    if (++this.#values > MAX_VALUES) {
      if (this.#values === MAX_VALUES + 1)
        this.complain(place, { wrong: 'the aliases multiply the file beyond measure', mend: 'write the values out' });
      return undefined;
    }
    if (!isAlias(node)) return node;
    const target = this.#document.targets.get(node);
    if (target === undefined)
      this.complain(place, { wrong: 'is an alias without an anchor before it', mend: 'write the value itself' });
    return target;
  }

  /** Line of the file, counted from 1. */
  lineOf(offset: number): number {
    return this.#document.lineAndColumn(offset).line;
  }
}

/** The path of an entry; names with special characters stand in quotes. */
export function below(path: string, key: string): string {
  const plain = /^[A-Za-z_][\w-]*$/.test(key);
  if (!plain) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** The offset at which a node begins; `otherwise` for nodes without text. */
export function offsetOf(node: Node | null | undefined, otherwise: number): number {
  return node?.range?.[0] ?? otherwise;
}

/** What a node is, in words. */
export function kindOf(node: Node): string {
  const kinds: Readonly<Record<string, string>> = { YAMLMap: 'a mapping', YAMLSeq: 'a list', Scalar: 'a single value' };
  return kinds[node.constructor.name] ?? 'something else';
}
