/** The state while a file is read: collects problems, follows aliases, and limits the work for a hostile file. */
import { isAlias, type Node } from 'yaml';
import type { Environment } from './expand.ts';
import type { Complaint } from './field.ts';
import type { ReadSecret } from './secret-file.ts';
import type { YamlDocument } from './yaml-document.ts';

export interface Place {
  /** Such as `buckets[0].s3.region`. */
  readonly path: string;
  /** Offset in the text of the file. */
  readonly offset: number;
}

export interface Found extends Place {
  readonly message: string;
}

/** More values than a file of the maximum size can contain without aliases. */
const MAX_VALUES = 200_000;

export class Reading {
  readonly env: Environment;
  readonly readSecret: ReadSecret;
  readonly found: Found[] = [];
  /** Paths that the file sets. */
  readonly given = new Set<string>();
  /** Objects with an invalid field. */
  readonly incomplete = new WeakSet<object>();
  readonly #document: YamlDocument;
  #values = 0;

  constructor(document: YamlDocument, env: Environment, readSecret: ReadSecret) {
    this.env = env;
    this.readSecret = readSecret;
    this.#document = document;
  }

  /** @param subject precedes the description of the problem, such as the value in quotes. */
  complain({ path, offset }: Place, { wrong, hint }: Complaint, subject = ''): void {
    this.found.push({ path, offset, message: `${subject === '' ? '' : `${subject} `}${wrong}; ${hint}` });
  }

  /** The node, or the target of an alias; undefined, after reporting it, for an unresolvable alias. */
  follow(node: Node, place: Place): Node | undefined {
    if (++this.#values > MAX_VALUES) {
      if (this.#values === MAX_VALUES + 1)
        this.complain(place, {
          wrong: `the aliases expand to more than ${MAX_VALUES} values`,
          hint: 'write the values out',
        });
      return undefined;
    }
    if (!isAlias(node)) return node;
    const target = this.#document.targets.get(node);
    if (target === undefined)
      this.complain(place, { wrong: 'is an alias without a preceding anchor', hint: 'write the value itself' });
    return target;
  }

  /** 1-based line in the file. */
  lineOf(offset: number): number {
    return this.#document.lineAndColumn(offset).line;
  }
}

/** The path of an entry; names with special characters are quoted. */
export function below(path: string, key: string): string {
  const plain = /^[A-Za-z_][\w-]*$/.test(key);
  if (!plain) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** The offset of a node; `otherwise` for nodes without text. */
export function offsetOf(node: Node | null | undefined, otherwise: number): number {
  return node?.range?.[0] ?? otherwise;
}

/** The kind of a node, in words. */
export function kindOf(node: Node): string {
  const kinds: Readonly<Record<string, string>> = { YAMLMap: 'a mapping', YAMLSeq: 'a list', Scalar: 'a single value' };
  return kinds[node.constructor.name] ?? 'something else';
}
