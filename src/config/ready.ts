/** The section `ready`: when the gateway is ready for uploads. */
import { optionalList, section, type ValueOf } from './field.ts';
import { oneOf } from './scalars.ts';

export const READY = section(
  {
    require: optionalList(
      oneOf(['store', 'policy', 'identity'], {
        prose:
          '`store`: every store responds. `policy`: every policy engine responds. `identity`: the keys of every identity provider are available, cached ones included.',
      }),
      {
        prose:
          'Services without which `/ready` is 503. Each is queried for at most 1 s, and at most every 2 s. Use it where another gateway has other services: if all gateways use the same ones, an outage takes all of them out of service.',
        hint: 'name at least one, such as [store], or remove the setting',
      },
    ),
  },
  { prose: 'What the probe `/ready` requires. By default it is 200 from the start until the shutdown.' },
);

export type ReadyConfig = ValueOf<typeof READY>;
