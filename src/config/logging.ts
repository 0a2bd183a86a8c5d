/** The section `logging`: what is logged, and how it looks. */
import { optionalObject, section, type ValueOf } from './field.ts';
import { NAME_WITH_GRPC_AND_TLS, NO_PATH_WITH_GRPC, otlpFields, READ_AGAIN_WITH_HTTP } from './otlp.ts';
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
    otlp: optionalObject(otlpFields('/v1/logs', READ_AGAIN_WITH_HTTP), {
      prose:
        'The same lines, sent to a collector as well, with the ids of their traces, by the official SDK. It is loaded only where this section stands.',
      rules: [NO_PATH_WITH_GRPC, NAME_WITH_GRPC_AND_TLS],
    }),
  },
  { prose: 'The log on the standard output: one line a request.' },
);

export type LoggingConfig = ValueOf<typeof LOGGING>;
