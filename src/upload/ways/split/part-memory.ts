/**
 * The memory for the parts of all uploads (`upload.memory_limit`), and which upload gets it. It has two sections. In one, parts
 * begin, block by block. A part of the smallest size, or with that much reserved, belongs to the other. It can always be sent, so
 * its memory always becomes free. Uploads without memory wait in line, and slow uploads are refused: docs/decisions/part-memory.md.
 */
import { performance } from 'node:perf_hooks';
import { Failure } from '../../../domain/failure.ts';
import { type Aged, AgeList, best, each } from '../../../kit/age-list.ts';
import { BlockPool } from '../../../kit/block-pool.ts';
import { reserveOf } from '../../../kit/reserve.ts';
import { FillRate } from './fill-rate.ts';

export interface PartMemoryOptions {
  readonly limitBytes: number;
  /** Smallest size of the parts of the largest object: the most that an upload needs at once. */
  readonly leastBytes: number;
  /** Longest wait for memory, in milliseconds. */
  readonly waitMillis: number;
  /** Bytes a second, below which an upload is refused while others wait; 0 refuses none. */
  readonly fairRate: number;
}

export type MemoryRefusal = 'no_part_memory' | 'below_fair_rate';

export interface ShareOptions {
  /** Smallest size of its parts, in bytes. */
  readonly leastBytes: number;
  /** Whose upload it is: memory is shared fairly among clients, however many uploads each of them has. */
  readonly client: string;
  /** Whether `canSplit` counts it at once, and not only from its first block on. */
  readonly isCounted: boolean;
  /** Called at most once, while others wait for what a slow upload holds. */
  readonly refuse: (failure: Failure) => void;
}

/** What one upload holds. */
export interface MemoryShare extends ShareOptions, Aged<MemoryShare> {
  readonly rate: FillRate;
  /** Bytes of all its parts. */
  held: number;
  isListed: boolean;
  isRefused: boolean;
}

/** What one part of it holds. */
export interface PartClaim {
  readonly share: MemoryShare;
  /** Bytes with which it can be sent. */
  readonly leastBytes: number;
  held: number;
  /** Bytes of it that are blocks already; the others are reserved. */
  used: number;
  /** Whether it belongs to the section of the parts that can be sent. */
  isSecured: boolean;
}

/** What all uploads of one client hold, in bytes. */
interface Client {
  held: number;
  /** Of parts that are not secured. */
  beginning: number;
  /** Of secured parts. */
  secured: number;
}

interface Waiting extends Aged<Waiting> {
  readonly claim: PartClaim;
  /** Of the next block, in bytes. */
  readonly size: number;
  readonly since: number;
  readonly go: () => void;
}

/** Longest time of waiting for a client after which its rate is judged, in milliseconds, and the shortest. */
const [LONGEST_WINDOW, SHORTEST_WINDOW] = [5_000, 1_000];
/** How often rates are judged while uploads wait, in milliseconds; a shorter wait causes no refusal. */
const JUDGE_MILLIS = 1_000;

export class PartMemory {
  readonly blocks: BlockPool;
  readonly limitBytes: number;
  readonly refusals: Record<MemoryRefusal, number> = { no_part_memory: 0, below_fair_rate: 0 };
  readonly #options: PartMemoryOptions;
  readonly #judgeMillis: number;
  readonly #securedLimit: number;
  /** What a client leaves to others of it, while it is alone. */
  readonly #reserve: number;
  readonly #line = new AgeList<Waiting>();
  readonly #shares = new AgeList<MemoryShare>();
  /** Of those clients that hold anything. */
  readonly #clients = new Map<string, Client>();
  #waiting = 0;
  #beginning = 0;
  #secured = 0;
  #judging: NodeJS.Timeout | undefined;

  constructor(options: PartMemoryOptions) {
    const { limitBytes, leastBytes, waitMillis } = options;
    this.#options = options;
    this.limitBytes = limitBytes;
    this.blocks = new BlockPool(limitBytes);
    this.#securedLimit = Math.max(leastBytes, limitBytes * 0.75);
    this.#reserve = reserveOf(this.#securedLimit, leastBytes);
    this.#judgeMillis = Math.min(JUDGE_MILLIS, waitMillis / 4);
  }

  get reservedBytes(): number {
    return this.#beginning + this.#secured;
  }

  /** How many uploads wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether one upload more, of parts of this size at least, would find memory. Uploads that have begun count with a part each. */
  canSplit(leastBytes: number): boolean {
    if (this.#waiting > 0) return false;
    let promised = leastBytes;
    for (const share of each(this.#shares)) promised += Math.max(share.held, share.leastBytes);
    return promised <= this.limitBytes;
  }

  open(options: ShareOptions): MemoryShare {
    const window = Math.min(LONGEST_WINDOW, Math.max(SHORTEST_WINDOW, this.#options.waitMillis / 6));
    const links = { older: undefined, newer: undefined };
    const share = { ...options, rate: new FillRate(window), held: 0, isListed: false, isRefused: false, ...links };
    if (options.isCounted) this.#list(share);
    return share;
  }

  close(share: MemoryShare): void {
    if (share.isListed) this.#shares.remove(share);
    share.isListed = false;
  }

  /** @returns whether the part has one block more now. Fails while another upload waits that comes first. */
  tryTake(claim: PartClaim, size: number): boolean {
    const isReserved = claim.used + size <= claim.held;
    if (!isReserved && !this.#tryHold(claim, size)) return false;
    claim.used += size;
    return true;
  }

  /** Waits until `tryTake` will succeed. @throws Failure no_part_memory, or what the signal was aborted with. */
  async wait(claim: PartClaim, size: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        this.#leave(waiting);
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const giveUp = (why: unknown): void => {
        settle();
        reject(why);
        this.#serve();
      };
      const go = (): void => {
        settle();
        resolve();
      };
      const onAbort = (): void => giveUp(signal.reason);
      const timer = setTimeout(() => giveUp(this.#tooLate()), this.#options.waitMillis);
      signal.addEventListener('abort', onAbort, { once: true });
      const waiting: Waiting = { claim, size, since: performance.now(), go, older: undefined, newer: undefined };
      this.#enter(waiting);
    });
  }

  /** The part is complete: memory reserved for it beyond its blocks is free. */
  seal(claim: PartClaim): void {
    this.#hold(claim, claim.used - claim.held);
    this.#serve();
  }

  release(claim: PartClaim): void {
    this.#hold(claim, -claim.held);
    claim.used = 0;
    this.#serve();
  }

  #tryHold(claim: PartClaim, size: number): boolean {
    if (claim.used >= claim.leastBytes) return this.#tryGrow(claim, size);
    for (const { claim: other } of each(this.#line)) if (this.#order(claim.share, other.share) >= 0) return false;
    return this.#tryBegin(claim, size) || (this.#waiting === 0 && this.#trySecure(claim));
  }

  /**
   * Later clients find room: the parts that one client begins never use more memory than they leave to others. Beyond its first
   * block, a part that begins uses at most a sixteenth of the memory that its client may still use.
   */
  #tryBegin(claim: PartClaim, size: number): boolean {
    const free = this.limitBytes - this.#securedLimit - this.#beginning - size;
    const room = free - this.#of(claim.share).beginning;
    if (size > room || (claim.held > 0 && claim.held + size > room / 16)) return false;
    this.#hold(claim, size);
    if (claim.held >= claim.leastBytes) this.#trySecure(claim);
    return true;
  }

  /** Reserves what the part lacks of its smallest size, and makes room for other beginnings. */
  #trySecure(claim: PartClaim): boolean {
    const { held, leastBytes } = claim;
    if (this.#secured + leastBytes > this.#securedLimit || !this.#leavesEnough(claim, leastBytes)) return false;
    this.#hold(claim, -held);
    claim.isSecured = true;
    this.#hold(claim, claim.leastBytes);
    return true;
  }

  /**
   * The secured parts of one client use no more memory than they leave to others, or while it is alone, a tenth less than all. A
   * client without one may always have one, so never all of them wait.
   */
  #leavesEnough({ share }: PartClaim, size: number): boolean {
    const { secured } = this.#of(share);
    const free = this.#securedLimit - this.#secured - size;
    if (secured === 0 || secured + size <= free) return true;
    return this.#clients.size === 1 && free >= this.#reserve; // it is the one
  }

  /** Beyond its smallest size a part grows while no upload waits, and leaves room for another part: it can be sent instead. */
  #tryGrow(claim: PartClaim, size: number): boolean {
    if (this.#waiting > 0 || !(claim.isSecured || this.#trySecure(claim))) return false;
    if (this.#secured + size + this.#options.leastBytes > this.#securedLimit) return false;
    if (!this.#leavesEnough(claim, size)) return false;
    this.#hold(claim, size);
    return true;
  }

  #hold(claim: PartClaim, bytes: number): void {
    if (bytes === 0) return;
    const { share } = claim;
    const client = this.#of(share);
    claim.held += bytes;
    share.held += bytes;
    client.held += bytes;
    if (claim.isSecured) {
      this.#secured += bytes;
      client.secured += bytes;
    } else {
      this.#beginning += bytes;
      client.beginning += bytes;
    }
    if (client.held > 0) this.#clients.set(share.client, client);
    else this.#clients.delete(share.client);
    if (bytes > 0 && !share.isListed) this.#list(share);
  }

  #of({ client }: MemoryShare): Client {
    return this.#clients.get(client) ?? { held: 0, beginning: 0, secured: 0 };
  }

  /** @returns less than 0 if the first comes first: an upload that has nothing, then one whose client has less, or itself. */
  #order(one: MemoryShare, other: MemoryShare): number {
    const byNothing = Math.min(1, one.held) - Math.min(1, other.held);
    return byNothing || this.#of(one).held - this.#of(other).held || one.held - other.held;
  }

  /** The same for the rest of a part. An upload that has other parts under way comes last. */
  #orderOfRests(one: Waiting, other: Waiting, now: number): number {
    const byOthers = Number(hasMore(one)) - Number(hasMore(other));
    const byClient = this.#of(one.claim.share).held - this.#of(other.claim.share).held;
    return byOthers || byClient || urgency(other, now) - urgency(one, now);
  }

  #list(share: MemoryShare): void {
    this.#shares.add(share);
    share.isListed = true;
  }

  #serve(): void {
    for (let next = this.#nextServed(); next !== undefined; next = this.#nextServed()) next.go();
  }

  /** Who was given memory: the first in order a block, or the first in the order of rests all that its part lacks. */
  #nextServed(): Waiting | undefined {
    const first = best(this.#line, (one, other) => this.#order(one.claim.share, other.claim.share) < 0);
    if (first === undefined) return undefined;
    if (this.#tryBegin(first.claim, first.size)) return first;
    const now = performance.now();
    const isAllowed = ({ claim }: Waiting): boolean => this.#leavesEnough(claim, claim.leastBytes);
    const firstOfRests = best(this.#line, (one, other) => this.#orderOfRests(one, other, now) < 0, isAllowed);
    return firstOfRests !== undefined && this.#trySecure(firstOfRests.claim) ? firstOfRests : undefined;
  }

  #enter(waiting: Waiting): void {
    this.#line.add(waiting);
    this.#waiting++;
    this.#serve();
    if (this.#waiting > 0) this.#judging ??= setInterval(() => this.#judge(), this.#judgeMillis).unref();
  }

  #leave(waiting: Waiting): void {
    this.#line.remove(waiting);
    this.#waiting--;
    if (this.#waiting > 0) return;
    clearInterval(this.#judging);
    this.#judging = undefined;
  }

  /** Refuses slow uploads, the largest holders first, until they free the memory that the others wait for. */
  #judge(): void {
    const { fairRate } = this.#options;
    const slow = [...each(this.#shares)].filter(({ isRefused, rate }) => isRefused || rate.isBelow(fairRate));
    slow.sort((one, other) => Number(other.isRefused) - Number(one.isRefused) || other.held - one.held);
    let freed = 0;
    for (const share of slow) {
      if (freed >= this.#missingFor(share)) return;
      freed += share.held;
      if (!share.isRefused && share.held > 0) this.#refuse(share);
    }
  }

  /** Bytes that others wait for, and not only since a moment ago. */
  #missingFor(share: MemoryShare): number {
    const before = performance.now() - this.#judgeMillis;
    let bytes = 0;
    for (const { claim, since } of each(this.#line)) {
      if (claim.share !== share && since <= before) bytes += claim.leastBytes - claim.held;
    }
    return bytes;
  }

  #refuse(share: MemoryShare): void {
    share.isRefused = true;
    this.refusals.below_fair_rate++;
    const message = `The upload is slower than ${this.#options.fairRate} bytes per second, and others wait for the memory that it holds. Retry later, or send smaller objects with a Content-Length.`;
    share.refuse(new Failure('overloaded', message, { reason: 'below_fair_rate' }));
  }

  #tooLate(): Failure {
    this.refusals.no_part_memory++;
    const message = 'Too many large uploads are in progress: no memory for another part became free. Retry later.';
    return new Failure('overloaded', message, { reason: 'no_part_memory' });
  }
}

const hasMore = ({ claim }: Waiting): boolean => claim.share.held > claim.held;

/**
 * The ratio of its wait to the time that it needs to complete its part ("highest response ratio next"). Fast clients come first,
 * since they free the memory first; slow ones have their turn.
 */
function urgency({ claim, since }: Waiting, now: number): number {
  const { share, leastBytes, held } = claim;
  return ((now - since) * share.rate.bytesPerSecond) / (leastBytes - held);
}
