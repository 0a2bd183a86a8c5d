/** Reads the XML documents of a store. The gateway needs the texts of the elements directly below the root, and no others. */
import { SaxesParser } from 'saxes';

export interface StoreDocument {
  readonly root: string;
  /** By the name of the element, without its prefix. Of elements with the same name, the texts are joined. */
  readonly texts: ReadonlyMap<string, string>;
}

/** @returns undefined if the text is not a well-formed document. */
export function readStoreDocument(xml: string): StoreDocument | undefined {
  const texts = new Map<string, string>();
  const path: string[] = [];
  let root = '';
  const parser = new SaxesParser();
  const add = (text: string): void => {
    if (path.length === 2) texts.set(path[1]!, (texts.get(path[1]!) ?? '') + text);
  };
  // Stop at the first error: the parser would continue, and report every further character.
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name }) => {
    path.push(name.slice(name.indexOf(':') + 1));
    if (path.length === 1) root = path[0]!;
  });
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', () => void path.pop());
  try {
    parser.write(xml).close();
  } catch {
    return undefined;
  }
  return { root, texts };
}

/** The text of an element directly below the root of a document; undefined if it is missing or empty. */
export function elementOf(xml: string, name: string): string | undefined {
  return readStoreDocument(xml)?.texts.get(name) || undefined;
}
