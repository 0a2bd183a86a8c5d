/**
 * Buckets in the name of the host (Amazon S3 User Guide, "Virtual hosting of buckets"): below one of the gateway's domains,
 * what stands before the domain is the bucket, and no path can name another.
 */

export type HostBucketOf = (host: string | undefined) => string | undefined;

/** @param domains lower case, without a dot at either end. */
export function virtualHosts(domains: readonly string[]): HostBucketOf {
  if (domains.length === 0) return () => undefined;
  const endings = domains.map((domain) => `.${domain}`).sort((a, b) => b.length - a.length); // one may end in the other
  return (host) => {
    const name = host === undefined ? undefined : nameOf(host);
    const ending = endings.find((each) => name?.endsWith(each));
    return ending === undefined ? undefined : name?.slice(0, -ending.length);
  };
}

/** Whether a host is one of the domains or below it. */
export function ownHosts(domains: readonly string[]): (host: string) => boolean {
  return (host) => {
    const name = nameOf(host);
    return domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
  };
}

/** Without the port and the dot of a name that is complete. */
const nameOf = (host: string): string => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
