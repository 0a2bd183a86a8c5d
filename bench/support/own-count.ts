/** What a gateway has counted itself: proof that a contestant did what it is there for, and that its figure is of that. */

export interface OwnCount {
  /** Requests accepted so far, by how their callers proved themselves. */
  readonly accepted: Readonly<Record<string, number>>;
  /** Calls to policy engines so far. */
  readonly calls: number;
}

/** @param metrics in the text format of Prometheus. */
export function readOwnCount(metrics: string): OwnCount {
  const accepted: Record<string, number> = {};
  for (const [, method, count] of metrics.matchAll(
    /^mizuchi_auth_requests_total\{bucket="[^"]+",method="([^"]+)",result="accepted"\} (\d+)$/gm,
  )) {
    accepted[method!] = (accepted[method!] ?? 0) + Number(count);
  }
  const sum = (family: string): number =>
    [...metrics.matchAll(new RegExp(`^mizuchi_authz_${family}_total\\{[^}]*\\} (\\d+)$`, 'gm'))].reduce(
      (total, [, count]) => total + Number(count),
      0,
    );
  return { accepted, calls: sum('decisions') - sum('cached_decisions') };
}
