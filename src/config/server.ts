/** The section `server`: where uploads are taken. */
import { section, type ValueOf } from './field.ts';
import { number, socketAddress } from './scalars.ts';

export const SERVER = section(
  {
    address: socketAddress({
      prose:
        'Where uploads are taken. `0.0.0.0` is every IPv4 address of the machine, `[::]` every address; port 0 is any free one.',
      default: { host: '0.0.0.0', port: 8080 },
    }),
    shutdown_timeout_seconds: number({
      prose: 'How long running requests may take to finish after SIGTERM; what is left then is cut off.',
      default: 30,
      min: 0,
      max: 86_400,
    }),
    body_idle_timeout_seconds: number({
      prose:
        'An upload of which no byte arrives for so long is ended, and so is a client that takes no byte of its answer. A slow upload that moves is never ended.',
      default: 60,
      min: 0.01,
      max: 86_400,
    }),
  },
  { prose: 'Where uploads are taken, and how long the gateway waits.' },
);

export type ServerConfig = ValueOf<typeof SERVER>;
