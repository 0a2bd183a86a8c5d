/** The section `logging`: what is logged, and how it looks. */
import { section, type ValueOf } from './field.ts';
import { oneOf } from './scalars.ts';

export const LOGGING = section(
  {
    level: oneOf(['debug', 'info', 'warn', 'error'], {
      prose: 'The least important lines that are still written.',
      default: 'info',
    }),
    format: oneOf(['json', 'pretty', 'auto'], {
      prose: 'One JSON object a line, or lines for eyes. `auto` is `pretty` on a terminal and `json` elsewhere.',
      default: 'auto',
    }),
  },
  { prose: 'The log on the standard output: one line a request.' },
);

export type LoggingConfig = ValueOf<typeof LOGGING>;
