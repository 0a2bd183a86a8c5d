/** Compares the bars of a waterfall with the spans that they show. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { parseTrace } from '../../../page/traces/otlp.ts';

/** @throws AssertionError unless each bar has the part of the width that its span has of the trace, to half a pixel. */
export async function barsMatch(page: Page, otlp: string): Promise<void> {
  const { spans, durationSeconds } = parseTrace(otlp);
  for (const span of spans) {
    const bar = page.locator(`rect[data-span="${span.id}"]`);
    const [bar_, row] = await bar.evaluate((element) => [
      element.getBoundingClientRect().toJSON(),
      element.closest('svg')!.getBoundingClientRect().toJSON(),
    ]);
    const expected = [span.startSeconds, span.durationSeconds].map(
      (seconds) => (seconds / durationSeconds) * row.width,
    );
    const found = [bar_.x - row.x, bar_.width];
    for (const [index, value] of expected.entries())
      assert.ok(Math.abs(value - found[index]!) < 0.5, `${span.name}: ${found} instead of ${expected}`);
  }
}
