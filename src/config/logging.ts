/** The section `logging`: the level, the format, and export to a collector. */
import { optionalObject, section, type ValueOf } from './field.ts';
import { NO_PATH_WITH_GRPC, otlpFields, signalPath } from './otlp.ts';
import { number, oneOf } from './scalars.ts';

export const LOGGING = section(
  {
    level: oneOf(['debug', 'info', 'warn', 'error'], {
      prose: 'The lowest level that is logged. A reload changes it.',
      default: 'info',
    }),
    format: oneOf(['json', 'pretty', 'auto'], {
      prose:
        'One JSON object per line, or human-readable lines. `auto` is `pretty` on a terminal and `json` elsewhere.',
      default: 'auto',
    }),
    success_ratio: number({
      prose: 'The ratio of successful requests that are logged. Every failed request is logged.',
      default: 1,
      min: 0,
      max: 1,
    }),
    otlp: optionalObject(
      { ...otlpFields('/v1/logs'), logs_path: signalPath('/v1/logs') },
      {
        prose:
          'Also sends the log to a collector, with trace IDs. The exporter is loaded only if a signal is exported.',
        rules: [NO_PATH_WITH_GRPC],
      },
    ),
  },
  { prose: 'The log on standard output: one line per request.' },
);

export type LoggingConfig = ValueOf<typeof LOGGING>;
