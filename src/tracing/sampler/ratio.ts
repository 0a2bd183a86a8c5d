/**
 * Keeps a ratio of all traces, and the same ones in every process with that ratio or more. The decision depends only on the
 * last 56 bits of the trace id (OTel specification, "TraceState: Probability Sampling"). Threshold and randomness are
 * both 14 hex digits, so comparing the texts compares the numbers.
 */
import type { SpanContext } from '../propagation/span-context.ts';
import { TraceState } from '../propagation/trace-state.ts';
import type { Sampler, SamplingDecision } from './sampler.ts';

const DIGITS = 14;
const RANDOMNESS = /^[0-9a-f]{14}$/;
const MAX_OT_LENGTH = 256;

/** @param ratio of the traces to keep, 0 to 1. @param reason what decisions are called. */
export function ratioSampler(ratio: number, reason = 'ratio'): Sampler {
  if (ratio >= 1) return { decide: (_, parent) => ({ sampled: true, reason, ...withoutThreshold(parent) }) };
  const threshold = thresholdOf(ratio);
  const cut = threshold.replace(/0+$/, '') || '0';
  return {
    decide(traceId, parent): SamplingDecision {
      const sub = subKeys(parent?.traceState);
      const sampled = ratio > 0 && randomnessOf(traceId, sub) >= threshold;
      if (!sampled) return { sampled, reason, ...withoutThreshold(parent) };
      return { sampled, reason, traceState: withThreshold(parent?.traceState, sub, cut) };
    },
  };
}

/** T = (1 − ratio) · 2^56: keep iff R ≥ T. Counted from the other end, where a small ratio is exact. */
function thresholdOf(ratio: number): string {
  const kept = Math.max(1, Math.round(ratio * 2 ** 56));
  return (2n ** 56n - BigInt(kept)).toString(16).padStart(DIGITS, '0');
}

/** A caller whose trace ids are not random can send its own randomness, `rv`. */
function randomnessOf(traceId: string, sub: Map<string, string>): string {
  const explicit = sub.get('rv');
  return explicit !== undefined && RANDOMNESS.test(explicit) ? explicit : traceId.slice(-DIGITS);
}

/** The parts of the `ot` member: `key:value;key:value`. */
function subKeys(state: TraceState | undefined): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of state?.get('ot')?.split(';') ?? []) {
    const colon = part.indexOf(':');
    if (colon > 0) parts.set(part.slice(0, colon), part.slice(colon + 1));
  }
  return parts;
}

function withThreshold(state: TraceState | undefined, sub: Map<string, string>, threshold: string): TraceState {
  return withSubKeys(state ?? TraceState.empty, new Map([...sub, ['th', threshold]]));
}

/** A threshold that was not ours must not stay: it would claim a count that is not true any more. */
export function withoutThreshold(parent: SpanContext | undefined): { traceState?: TraceState } {
  const state = parent?.traceState;
  if (state === undefined) return {};
  const sub = subKeys(state);
  return sub.delete('th') ? { traceState: withSubKeys(state, sub) } : {};
}

function withSubKeys(state: TraceState, sub: Map<string, string>): TraceState {
  const value = Array.from(sub, ([key, its]) => `${key}:${its}`).join(';');
  return value === '' || value.length > MAX_OT_LENGTH ? state.unset('ot') : state.set('ot', value);
}
