/** Lists of peers that are trusted with something, as CIDR ranges. */
import { parseAddressRange } from '../kit/address-set.ts';
import { list, optionalList } from './field.ts';
import { string } from './scalars.ts';

const range = string({
  prose: 'An IP address, or a range of them.',
  type: 'CIDR range',
  check: (text) => (parseAddressRange(text) === undefined ? 'is neither an IP address nor a CIDR range' : undefined),
  mend: 'write such as 10.0.0.0/8, 192.0.2.7 or "2001:db8::/32"',
});
const MEND = 'list at least one range, such as [10.0.0.0/8]';

export const addressRanges = (prose: string) => list(range, { prose, mend: MEND });
export const optionalAddressRanges = (prose: string) => optionalList(range, { prose, mend: MEND });
