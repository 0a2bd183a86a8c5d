/** Reads the interfaces and types of a TypeScript file that only describes plain JSON documents, with their comments. */

export type Type =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'list'; readonly of: Type }
  | { readonly kind: 'union'; readonly of: readonly Type[] }
  | { readonly kind: 'object'; readonly fields: readonly Field[] };

export interface Field {
  readonly name: string;
  readonly comment: string;
  readonly type: Type;
}

export interface Declaration extends Field {}

const TOKEN = /\/\*\*[\s\S]*?\*\/|'[^']*'|\w+|\[\]|\S/g;

/** @throws Error at anything but `export interface` and `export type`. */
export function parseInterfaces(source: string): readonly Declaration[] {
  const tokens = source.match(TOKEN) ?? [];
  let next = 0;

  const isNext = (token: string): boolean => tokens[next] === token;
  const accept = (token: string): boolean => isNext(token) && next++ >= 0;
  function expect(token: string): void {
    if (!accept(token)) throw new Error(`${tokens.slice(next - 5, next + 1).join(' ')}: expected ${token}`);
  }

  /** The last one counts: the first comment of a file is about the file. */
  function comment(): string {
    let text = '';
    while (tokens[next]?.startsWith('/**')) text = textOf(tokens[next++]!);
    return text;
  }

  function declaration(): Declaration {
    const about = comment();
    expect('export');
    const isInterface = accept('interface');
    if (!isInterface) expect('type');
    const name = tokens[next++]!;
    if (isInterface) return { name, comment: about, type: object() };
    expect('=');
    const type = union();
    expect(';');
    return { name, comment: about, type };
  }

  function object(): Type {
    expect('{');
    const fields: Field[] = [];
    while (!accept('}')) fields.push(field());
    return { kind: 'object', fields };
  }

  function field(): Field {
    const about = comment();
    accept('readonly');
    const name = tokens[next++]!;
    expect(':');
    const type = union();
    if (!isNext('}')) expect(';');
    return { name, comment: about, type };
  }

  function union(): Type {
    accept('|');
    const of = [single()];
    while (accept('|')) of.push(single());
    return of.length === 1 ? of[0]! : { kind: 'union', of };
  }

  function single(): Type {
    accept('readonly');
    let type: Type = isNext('{') ? object() : word(tokens[next++]!);
    while (accept('[]')) type = { kind: 'list', of: type };
    return type;
  }

  const declarations: Declaration[] = [];
  while (next < tokens.length) declarations.push(declaration());
  return declarations;
}

function word(token: string): Type {
  return token.startsWith("'") ? { kind: 'literal', value: token.slice(1, -1) } : { kind: 'name', name: token };
}

function textOf(comment: string): string {
  return comment
    .slice(3, -2)
    .split('\n')
    .map((line) => line.trim().replace(/^\* ?/, ''))
    .join(' ')
    .trim();
}
