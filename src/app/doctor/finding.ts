/** What came of one thing that was tried. */

export interface Finding {
  /** What was tried, such as `the store of bucket uploads`. */
  readonly what: string;
  readonly works: boolean;
  /** How it went, in a few words; holds no secret. */
  readonly how: string;
  /** What to do about it; empty where it works. */
  readonly mend: string;
}

export type Attempt = () => Promise<Pick<Finding, 'works' | 'how' | 'mend'>>;

/** An attempt that throws has not worked. */
export async function find(what: string, attempt: Attempt): Promise<Finding> {
  try {
    return { what, ...(await attempt()) };
  } catch (error) {
    return { what, works: false, how: (error as Error).message, mend: 'correct what it says' };
  }
}

export const works = (how: string) => ({ works: true, how, mend: '' });
export const fails = (how: string, mend: string) => ({ works: false, how, mend });
