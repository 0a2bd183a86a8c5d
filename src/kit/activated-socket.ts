/** Socket activation: the service manager listens, and passes its socket to the process (sd_listen_fds(3)). */

/** SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;

/**
 * @param pid of this process: the variables may be inherited, and are then not meant for it.
 * @returns the descriptor of the socket; undefined if there is none.
 * @throws Error if there are several: only the upload port can be passed.
 */
export function activatedSocket(env: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const { LISTEN_PID, LISTEN_FDS } = env;
  if (Number(LISTEN_PID) !== pid || LISTEN_FDS === undefined) return undefined;
  if (LISTEN_FDS !== '1')
    throw new Error(`the service manager passed ${LISTEN_FDS} sockets; pass one, the upload port: one ListenStream=`);
  return FIRST_DESCRIPTOR;
}
