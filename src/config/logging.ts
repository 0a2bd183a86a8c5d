/** The section `logging`: the level, the format, and export to a collector. */
import { optionalObject, section, type ValueOf } from './field.ts';
import { NAME_WITH_GRPC_AND_TLS, NO_PATH_WITH_GRPC, otlpFields, READ_AGAIN_WITH_HTTP } from './otlp.ts';
import { oneOf } from './scalars.ts';

export const LOGGING = section(
  {
    level: oneOf(['debug', 'info', 'warn', 'error'], {
      prose: 'The lowest level that is logged.',
      default: 'info',
    }),
    format: oneOf(['json', 'pretty', 'auto'], {
      prose:
        'One JSON object per line, or human-readable lines. `auto` is `pretty` on a terminal and `json` elsewhere.',
      default: 'auto',
    }),
    otlp: optionalObject(otlpFields('/v1/logs', READ_AGAIN_WITH_HTTP), {
      prose:
        'Also sends the log to a collector, with trace IDs, through the official SDK. The SDK is loaded only with this section.',
      rules: [NO_PATH_WITH_GRPC, NAME_WITH_GRPC_AND_TLS],
    }),
  },
  { prose: 'The log on standard output: one line per request.' },
);

export type LoggingConfig = ValueOf<typeof LOGGING>;
