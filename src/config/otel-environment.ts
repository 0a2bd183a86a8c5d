/**
 * Applies the OpenTelemetry environment variables. Precedence: OTEL_SDK_DISABLED, the file, the variable of the signal, the general
 * variable, the default. Variables of a disabled signal are ignored. An invalid value is reported and ignored (OTel
 * specification, "Parsing empty value" and below). An invalid endpoint, header or certificate prevents the start instead:
 * data would be sent to the wrong collector.
 */
import type { Environment } from './expand.ts';
import { BOOLEANS, IGNORED, type IgnoredVariable } from './otel-ignored.ts';
import { Overrides } from './otel-overrides.ts';
import { applyPropagators, applyResource, applySampler } from './otel-tracing.ts';
import { isTrue, variableOf, words } from './otel-values.ts';
import { SERVICE_NAME, SETTINGS, SIGNAL_WORDS } from './otel-variables.ts';
import type { SignalSection, SignalSections } from './signals-draft.ts';
import type { VariableWarning } from './variable-warning.ts';

export interface FromEnvironment extends SignalSections {
  /** The path of each setting that a variable sets, such as `tracing.otlp.endpoint`, and the name of the variable. */
  readonly sources: ReadonlyMap<string, string>;
  /** Variables that are ignored. */
  readonly warnings: readonly VariableWarning[];
}

/** @param given paths that the file sets. @throws ConfigError for an invalid endpoint, header or certificate. */
export function withEnvironment(
  sections: SignalSections,
  given: ReadonlySet<string>,
  env: Environment,
): FromEnvironment {
  const work = new Overrides(sections, given, env);
  const sdk = 'OTEL_SDK_DISABLED';
  if (isTrue(env, sdk)) for (const signal of enabledSignals(work)) disable(work, signal, sdk);
  else for (const signal of enabledSignals(work)) selectExporter(work, signal);
  const signals = enabledSignals(work);
  if (signals.length > 0) {
    work.applySetting(SERVICE_NAME);
    applyResource(work);
  }
  for (const signal of signals) applySignal(work, signal);
  reportIgnored(
    work,
    signals.filter((signal) => !hasOtherProvider(work, signal)),
  );
  return work.result();
}

const SIGNALS = Object.keys(SIGNAL_WORDS) as SignalSection[];

/** The signals that leave the process by OTLP or, for traces, to the console. */
function enabledSignals({ draft }: Overrides): SignalSection[] {
  return SIGNALS.filter((signal) =>
    signal === 'tracing' ? draft.tracing.enabled === true : draft[signal].otlp !== undefined,
  );
}

/** The log on standard output and `GET /metrics` remain. */
function disable(work: Overrides, signal: SignalSection, variable: string): void {
  if (signal === 'tracing') work.set('tracing.enabled', false, variable);
  else work.set(`${signal}.otlp`, undefined, variable);
}

/** A global provider reads its own variables. */
function hasOtherProvider({ draft }: Overrides, signal: SignalSection): boolean {
  return signal === 'tracing' && draft.tracing.provider === 'global';
}

/** `none`, or the exporters that the file configures. The file's own `tracing.exporter` has precedence. */
function selectExporter(work: Overrides, signal: SignalSection): void {
  const name = `OTEL_${SIGNAL_WORDS[signal]}_EXPORTER`;
  const text = variableOf(work.env, name);
  if (
    text === undefined ||
    hasOtherProvider(work, signal) ||
    (work.given.has('tracing.exporter') && signal === 'tracing')
  )
    return;
  const selected = words(text);
  if (selected.length === 1 && selected[0] === 'none') disable(work, signal, name);
  else if (signal !== 'tracing' && !selected.every((each) => hasExporter(work, signal, each)))
    work.ignore(name, 'contains an exporter that is not supported or not configured', `${signal}.otlp applies`);
}

function hasExporter({ draft }: Overrides, signal: SignalSection, exporter: string): boolean {
  return exporter === 'otlp' || (signal === 'metrics' && exporter === 'prometheus' && draft.metrics.enabled === true);
}

function applySignal(work: Overrides, signal: SignalSection): void {
  if (!hasOtherProvider(work, signal)) {
    for (const setting of SETTINGS[signal]) work.applySetting(setting);
    if (signal === 'tracing') applySampler(work);
    work.applyHeaders(signal);
  }
  if (signal === 'tracing') applyPropagators(work);
  if (hasOtherProvider(work, signal)) return;
  work.deriveDefaults(signal);
  work.appendPath(signal);
  if (signal === 'tracing') work.fitBatch();
  work.checkTogether(signal);
}

function reportIgnored(work: Overrides, signals: readonly SignalSection[]): void {
  const applies = (signal: SignalSection | undefined) =>
    signal === undefined ? signals.length > 0 : signals.includes(signal);
  const reported = new Set<string>();
  for (const [name, signal, meaning] of BOOLEANS) {
    const text = variableOf(work.env, name)?.toLowerCase();
    if (text === undefined || text === 'true' || text === 'false' || !applies(signal) || reported.has(name)) continue;
    reported.add(name);
    work.ignore(name, 'is neither true nor false', meaning);
  }
  for (const [name, { reason, instead, accepted, signal }] of Object.entries<IgnoredVariable>(IGNORED)) {
    const text = variableOf(work.env, name);
    if (text !== undefined && text.toLowerCase() !== accepted && applies(signal)) work.ignore(name, reason, instead);
  }
}
