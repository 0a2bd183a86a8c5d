/** Fields that hold lists of trusted peers, as CIDR ranges. */
import { parseAddressRange } from '../kit/address-set.ts';
import { list, optionalList } from './field.ts';
import { string } from './scalars.ts';

const range = string({
  prose: 'An IP address or a CIDR range.',
  type: 'CIDR range',
  check: (text) => (parseAddressRange(text) === undefined ? 'is neither an IP address nor a CIDR range' : undefined),
  hint: 'write an address or a range, such as 10.0.0.0/8, 192.0.2.7 or "2001:db8::/32"',
});
const HINT = 'list at least one range, such as [10.0.0.0/8]';

export const addressRanges = (prose: string) => list(range, { prose, hint: HINT });
export const optionalAddressRanges = (prose: string) => optionalList(range, { prose, hint: HINT });
