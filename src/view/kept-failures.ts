/** The failed requests that are kept longer than others: the newest ones of each type, so that frequent types do not displace others. */
import type { FailureType } from '../domain/failures.ts';
import { AgeList } from '../kit/age-list.ts';
import type { KeptRequest } from './kept-request.ts';

interface Link {
  readonly request: KeptRequest;
  older: Link | undefined;
  newer: Link | undefined;
}

export class KeptFailures {
  readonly #mostOfType: number;
  readonly #most: number;
  readonly #types = new Map<FailureType | undefined, Link[]>();
  readonly #all = new AgeList<Link>();
  #count = 0;

  constructor(mostOfType: number, most: number) {
    this.#mostOfType = mostOfType;
    this.#most = most;
  }

  /** @returns the request that is kept no longer. */
  add(request: KeptRequest): KeptRequest | undefined {
    const link: Link = { request, older: undefined, newer: undefined };
    const ofType = this.#ofType(request);
    ofType.push(link);
    this.#all.add(link);
    this.#count++;
    if (ofType.length > this.#mostOfType) return this.#remove(ofType);
    return this.#count > this.#most ? this.#remove(this.#ofType(this.#all.oldest!.request)) : undefined;
  }

  *requests(): Generator<KeptRequest> {
    for (const links of this.#types.values()) for (const { request } of links) yield request;
  }

  #ofType({ errorType }: KeptRequest): Link[] {
    const known = this.#types.get(errorType);
    if (known !== undefined) return known;
    const links: Link[] = [];
    this.#types.set(errorType, links);
    return links;
  }

  /** The oldest of a type. */
  #remove(ofType: Link[]): KeptRequest {
    const link = ofType.shift()!;
    this.#all.remove(link);
    this.#count--;
    return link.request;
  }
}
