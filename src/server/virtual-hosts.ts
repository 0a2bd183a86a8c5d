/**
 * Virtual-hosted-style requests (Amazon S3 User Guide, "Virtual hosting of buckets"): in a subdomain of one of the gateway's
 * domains, the subdomain is the bucket, whatever the path.
 */

export type HostBucketOf = (host: string | undefined) => string | undefined;

/** @param domains lower case, without a dot at either end. */
export function virtualHosts(domains: readonly string[]): HostBucketOf {
  if (domains.length === 0) return () => undefined;
  const endings = domains.map((domain) => `.${domain}`).sort((a, b) => b.length - a.length); // one domain may be a subdomain of another
  return (host) => {
    const name = host === undefined ? undefined : nameOf(host);
    const ending = endings.find((each) => name?.endsWith(each));
    return ending === undefined ? undefined : name?.slice(0, -ending.length);
  };
}

/** Whether a host is one of the domains or a subdomain. */
export function ownHosts(domains: readonly string[]): (host: string) => boolean {
  return (host) => {
    const name = nameOf(host);
    return domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
  };
}

/** Without the port and the trailing dot. */
const nameOf = (host: string): string => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
