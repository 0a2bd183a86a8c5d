/**
 * A collector that fails, in every way that we know of, while a gateway as its users run it traces every upload: no upload notices, memory
 * stays where it was, the operator hears two lines a minute, no span is lost uncounted, and when the collector is back, so are
 * the spans. What uploads take is judged by a twin without tracing, loaded in the same moments.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { isStalled, latencyText, noLatencies } from '../support/latencies.ts';
import { RawStore } from '../support/raw-store.ts';
import { takes } from './support/collector-behaviours.ts';
import { COLLECTOR_FAULTS, type CollectorFault } from './support/collector-faults.ts';
import { FaultScene, startGateway } from './support/fault-scene.ts';

/** How many faults are tried side by side: most of the time each waits. */
const SIDE_BY_SIDE = 6;
const WARM_UP_SECONDS = 1;
const FAULT_SECONDS = 4;
const RESUME_MILLIS = 30_000;
/** Longest time from the end of the fault until what waited has been delivered. */
const SETTLE_SECONDS = 90;
/** What the last spans may take at the end, and what a busy machine may take besides. */
const END_MILLIS = 5_000 + 1_500;
/** The queue may hold 2 MiB; what a young process takes for itself in the meantime is many times that. Far less than the 400 MB of an answer. */
const MOST_GROWTH = 64 * 1024 ** 2;
/** Load before the end. */
const LAST_MILLIS = 500;
const LONG = process.env.MIZUCHI_LONG_OUTAGES !== undefined;

const skipped = ({ long }: CollectorFault): string | false =>
  long && !LONG ? 'takes minutes: set MIZUCHI_LONG_OUTAGES' : false;

describe('a collector that fails', { concurrency: SIDE_BY_SIDE }, () => {
  let store: RawStore;
  let twin: GatewayProcess;
  let forget: NodeJS.Timeout;
  before(async () => {
    store = await RawStore.start();
    twin = await startGateway(store.url, { enabled: false });
    forget = setInterval(() => store.requests.splice(0), 500);
  });
  after(async () => {
    clearInterval(forget);
    await twin.stop();
    await store.close();
  });

  for (const [name, fault] of COLLECTOR_FAULTS) {
    it(name, { skip: skipped(fault) }, async (t) => {
      const scene = await FaultScene.open(fault, store.url, twin);
      t.after(() => scene.close());
      await play(scene, fault, (text) => t.diagnostic(text));
    });
  }
});

type Note = (text: string) => void;

async function play(scene: FaultScene, fault: CollectorFault, note: Note): Promise<void> {
  const { residentBytes } = await scene.watch(WARM_UP_SECONDS);
  if (scene.collector !== undefined) await assertAllTaken(scene);
  await assertUnnoticed(scene, fault, residentBytes, note);
  if (fault.takes === 'all') await assertAllTaken(scene);
  await assertMended(scene, fault, note);
  await assertEnds(scene, fault, note);
  assert.deepEqual(scene.load.failed, [], 'no upload fails');
  const { lines, last } = scene.failureLines();
  assert.ok(lines.length <= 2 * Math.ceil(scene.minutes) && last.length <= 1, [...lines, ...last].join('\n'));
}

async function assertAllTaken(scene: FaultScene): Promise<void> {
  const { produced, exported } = await scene.settled(SETTLE_SECONDS);
  assert.deepEqual([exported, scene.collector?.taken], [produced, produced]);
}

/** Turns the fault on, and looks at the uploads and at the gateway while it lasts. @param residentBytes of before. */
async function assertUnnoticed(scene: FaultScene, fault: CollectorFault, residentBytes: number, note: Note) {
  const { collector, load } = scene;
  if (fault.behaviour) await collector?.become(fault.behaviour);
  const takenBefore = collector?.taken;
  load.latencies = noLatencies();
  const peaks = await scene.watch(fault.seconds ?? FAULT_SECONDS);
  const { traced, twin } = load.latencies;
  const took = `an upload took ${latencyText(traced)}; without tracing ${latencyText(twin)}`;
  note(took);
  assert.ok(!isStalled(load.latencies), took);
  const growth = peaks.residentBytes - residentBytes;
  note(`memory grew by ${(growth / 1024 ** 2).toFixed(1)} MiB`);
  assert.ok(growth < MOST_GROWTH, `${growth} bytes`);
  const { capacity, dropped, saved, queued } = await scene.books();
  assert.ok(peaks.queuedSpans <= capacity, `${peaks.queuedSpans} of ${capacity} were queued`);
  if (fault.takes !== undefined) return;
  assert.equal(collector?.taken, takenBefore);
  assert.ok(dropped + saved + queued > 0, 'the fault is one');
}

/** Mends the collector, and closes the books. */
async function assertMended(
  scene: FaultScene,
  { behaviour, protocol, well = takes(protocol) }: CollectorFault,
  note: Note,
) {
  const { collector, load } = scene;
  if (behaviour !== undefined) {
    load.start();
    const mended = performance.now();
    await collector?.become(well);
    assert.ok(await collector?.takesMore(RESUME_MILLIS - (performance.now() - mended)), 'spans are delivered again');
    note(`delivered again ${((performance.now() - mended) / 1000).toFixed(1)} s after the mend`);
    await load.stop();
  }
  const { produced, exported, dropped, saved } = await scene.settled(SETTLE_SECONDS);
  note(`${produced} spans = ${exported} delivered + ${dropped} dropped + ${saved} in the fallback`);
  assert.equal(exported + dropped + saved, produced);
  assert.equal(exported, collector?.taken ?? 0);
  assert.equal(saved, await scene.savedSpans());
}

/** Ends the gateway with the fault on, and spans that wait. */
async function assertEnds(scene: FaultScene, { behaviour, fallback }: CollectorFault, note: Note) {
  const { collector, load, gateway } = scene;
  if (behaviour) await collector?.become(behaviour);
  await load.during(LAST_MILLIS);
  const { produced, exported, dropped } = await scene.books();
  const began = performance.now();
  assert.equal(await gateway.stop(), 0);
  const took = performance.now() - began;
  note(`the end took ${(took / 1000).toFixed(1)} s`);
  assert.ok(took < END_MILLIS, `${took} ms`);
  if (fallback) assert.equal(await scene.savedSpans(), produced - exported - dropped);
}
