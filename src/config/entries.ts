/** The entries of a YAML mapping: duplicate keys are reported, and `<<` merges the entries of other mappings. */
import { isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import { below, offsetOf, type Place, type Reading } from './reading.ts';

export interface Entry extends Place {
  /** The offset of the key; `offset` is that of the value. */
  readonly keyOffset: number;
  readonly node: Node | null;
}

/** Entries by key, in the order of the file. The mapping's own entries override merged ones. */
export function entriesOf(reading: Reading, map: YAMLMap, place: Place): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  collect(reading, map, place, entries, []);
  return entries;
}

/** @param within the mappings that are being merged, to detect a mapping that merges itself. */
function collect(reading: Reading, map: YAMLMap, place: Place, entries: Map<string, Entry>, within: Node[]): void {
  const own = new Map<string, Entry>();
  const merges: Entry[] = [];
  for (const pair of map.items) {
    const entry = entryOf(reading, pair, place);
    if (entry === undefined) continue;
    const first = own.get(entry.key);
    if (isMergeKey(pair.key as Scalar)) merges.push(entry);
    else if (first === undefined) own.set(entry.key, entry);
    else
      reading.complain(
        { path: entry.path, offset: entry.keyOffset },
        { wrong: `is a duplicate of line ${reading.lineOf(first.keyOffset)}`, hint: 'remove one of them' },
      );
  }
  for (const [key, entry] of own) if (!entries.has(key)) entries.set(key, entry);
  for (const merge of merges) mergeInto(reading, merge, place, entries, [...within, map]);
}

function entryOf(reading: Reading, pair: Pair, place: Place): (Entry & { readonly key: string }) | undefined {
  const { key, value } = pair as Pair<Node | null, Node | null>;
  if (!isScalar(key) || typeof key.value !== 'string' || (key.value === '' && key.type === 'PLAIN')) {
    const at = { path: place.path, offset: offsetOf(key, offsetOf(value, place.offset)) };
    reading.complain(at, { wrong: 'has a key that is not a string', hint: 'use plain words as keys' });
    return undefined;
  }
  const keyOffset = offsetOf(key, place.offset);
  return {
    key: key.value,
    path: below(place.path, key.value),
    keyOffset,
    offset: offsetOf(value, keyOffset),
    node: value,
  };
}

const isMergeKey = (key: Scalar): boolean => key.value === '<<' && key.type === 'PLAIN';

/** YAML's merge key: one mapping or a list of mappings; earlier ones override later ones (yaml.org/type/merge.html). */
function mergeInto(
  reading: Reading,
  { node, offset }: Entry,
  place: Place,
  entries: Map<string, Entry>,
  within: Node[],
): void {
  const at = { path: below(place.path, '<<'), offset };
  const source = node === null ? undefined : reading.follow(node, at);
  if (source === undefined && node !== null) return;
  const maps = isSeq<Node>(source) ? source.items.map((item) => reading.follow(item, at)) : [source];
  for (const map of maps) {
    if (isMap(map) && !within.includes(map)) collect(reading, map, place, entries, within);
    else
      reading.complain(at, {
        wrong: isMap(map) ? 'merges a mapping into itself' : 'merges something that is not a mapping',
        hint: 'write <<: *name, where &name is the anchor of an earlier mapping',
      });
  }
}
