/** Filters by text. */

/** @returns whether a text contains all words of the filter; upper and lower case are equal. */
export function textFilter(filter: string): (texts: readonly (string | number | null)[]) => boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  return (texts) => {
    const text = texts.join('\n').toLowerCase();
    return words.every((word) => text.includes(word));
  };
}
