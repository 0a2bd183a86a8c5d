/** The result of one attempt. */
import { FAILURES, type FailureType } from '../../domain/failures.ts';

export interface Finding {
  /** The subject of the attempt, such as `bucket uploads, store`. */
  readonly what: string;
  readonly works: boolean;
  /** The result in a few words, without secrets. */
  readonly how: string;
  /** How to fix it, or to improve what works; may be empty where it works. */
  readonly hint: string;
  /** How traces or the log show the same failure of a running gateway; undefined if it does not start. */
  readonly shown?: string;
  /** Whether the failure is not one of this subject only, so that it is described once for all. */
  readonly isGeneral?: boolean;
}

export type Attempt = () => Promise<Omit<Finding, 'what'>>;

/** An attempt that throws has failed. */
export async function find(what: string, attempt: Attempt): Promise<Finding> {
  try {
    return { what, ...(await attempt()) };
  } catch (error) {
    return { what, works: false, how: (error as Error).message, hint: 'fix the problem that the message describes' };
  }
}

export const works = (how: string) => ({ works: true, how, hint: '' });
export const fails = (how: string, hint: string) => ({ works: false, how, hint });

/** With the failure of an upload at a running gateway. */
export const failsAs = (how: string, hint: string, { type, reason }: UploadFailure) => {
  const words = [`error.type ${type}`, ...(reason === undefined ? [] : [`error.reason ${reason}`])];
  return { ...fails(how, hint), shown: `in traces: ${words.join(', ')}; side: ${FAILURES[type].side}` };
};

/** A failure as the SERVER span shows it. */
export interface UploadFailure {
  readonly type: FailureType;
  readonly reason?: string | undefined;
}
