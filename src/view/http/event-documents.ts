/** The documents of each kind of event, and how often they are made. */
import type { TraceMark, ViewSource } from '../sources.ts';

const UPLOADS_MILLIS = 500;
const MANY_UPLOADS_MILLIS = 1_000;
const MANY_UPLOADS = 200;
const TRACES_MILLIS = 500;
const HEALTH_MILLIS = 2_000;

export interface Documents {
  /** Until the next one. */
  millis(): number;
  /** For watchers that have had none. Called after `next` of the same tick. @param isOnly whether there are no other watchers. */
  first(isOnly: boolean): Promise<object>;
  /** @returns undefined if there is nothing new. */
  next(): Promise<object | undefined>;
}

export function uploadsDocuments(source: ViewSource): Documents {
  let count = 0;
  const take = async () => {
    const document = await source.uploads();
    count = document.uploads.length;
    return document;
  };
  return { millis: () => (count > MANY_UPLOADS ? MANY_UPLOADS_MILLIS : UPLOADS_MILLIS), ...snapshots(take) };
}

export function healthDocuments(source: ViewSource): Documents {
  return { millis: () => HEALTH_MILLIS, ...snapshots(() => source.health()) };
}

/** Each document is complete, so one is enough for all. */
function snapshots(take: () => Promise<object>): Pick<Documents, 'first' | 'next'> {
  let last: Promise<object>;
  const next = (): Promise<object> => (last = take());
  return { next, first: (isOnly) => (isOnly ? next() : last) };
}

/** A watcher that joins others gets everything. Requests that end meanwhile are in the next event for all, and so twice for it. */
export function tracesDocuments(source: ViewSource): Documents {
  let mark: TraceMark = new Map();
  return {
    millis: () => TRACES_MILLIS,
    first(isOnly) {
      const begin: TraceMark = new Map();
      if (isOnly) mark = begin;
      return source.newTraces(begin);
    },
    async next() {
      const document = await source.newTraces(mark);
      return document.requests.length === 0 ? undefined : document;
    },
  };
}
