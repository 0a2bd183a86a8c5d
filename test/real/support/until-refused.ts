/** Many clients at once while something dies: each uploads one object after the other until it is refused. */
import { type Outcome, type PolicyScene, putSigned } from './policy-scene.ts';

const CLIENTS = 8;
/** Uploads that went well before it dies. */
const FIRST = 40;

export interface Run {
  /** Keys of the uploads that clients were told went well. */
  readonly stored: ReadonlySet<string>;
  /** The last upload of each client. */
  readonly refusals: readonly Outcome[];
}

/** @param kill is called once, in the midst of it. */
export async function uploadUntilRefused(
  scene: PolicyScene,
  bucket: string,
  folder: string,
  kill: () => Promise<void>,
): Promise<Run> {
  const stored = new Set<string>();
  let killing: Promise<void> | undefined;
  const upload = async (_: unknown, client: number): Promise<Outcome> => {
    for (let count = 0; ; count++) {
      const key = `${folder}/${client}-${count}`;
      const outcome = await putSigned(scene, { bucket, key });
      if (outcome.status !== 200) return outcome;
      stored.add(key);
      if (stored.size >= FIRST) killing ??= kill();
    }
  };
  const refusals = await Promise.all(Array.from({ length: CLIENTS }, upload));
  await killing;
  return { stored, refusals };
}
