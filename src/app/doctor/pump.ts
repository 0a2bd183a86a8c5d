/** Tries whether this system can move bodies without the main thread, as a gateway does at its start. */
import type { Config } from '../../config/config.ts';
import { openPump } from '../../pump/open-pump.ts';
import { type Finding, fails, works } from './finding.ts';

const what = 'large bodies';

export async function examinePump({ upload }: Pick<Config, 'upload'>): Promise<Finding> {
  const { way, pump_threads } = upload;
  if (way === 'stream') return { what, ...works('streamed (upload.way: stream)') };
  const threads = pump_threads === 1 ? '1 thread' : `${pump_threads} threads`;
  const verify = pump_threads === 1 ? 'verifies' : 'verify';
  try {
    const pump = await openPump(1, { died() {} });
    const { noSplice } = pump;
    await pump.stop();
    if (noSplice === undefined) return { what, ...works(`moved by the kernel, or by ${threads} that ${verify} them`) };
    const hint = `${threads} can move them; allow splice (seccomp profile, pipe-user-pages-soft) so that they cost less CPU`;
    return { what, ...fails(`the kernel does not move them: ${noSplice}`, hint) };
  } catch (error) {
    const hint = 'they are streamed, which costs more CPU; set upload.way to stream if that is intended';
    return { what, ...fails(`no thread can move them: ${(error as Error).message}`, hint) };
  }
}
