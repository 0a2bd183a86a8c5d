/** Variables that set several settings of `tracing` together: the sampler, the resource, the propagators. */
import type { ListField, ScalarField } from './field.ts';
import { type Overrides, UNSUPPORTED } from './otel-overrides.ts';
import { attributesOf, variableOf, words } from './otel-values.ts';
import { SAMPLERS } from './otel-variables.ts';
import { fieldAt } from './signals-draft.ts';

/** Strategy and ratio belong together: if the file sets one of them, the variables are ignored. */
export function applySampler(work: Overrides): void {
  const [name, argument] = ['OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG'];
  const [strategy, ratio] = ['tracing.sampling.strategy', 'tracing.sampling.ratio'];
  if (work.given.has(strategy) || work.given.has(ratio)) return;
  const text = variableOf(work.env, name);
  if (text === undefined) {
    if (variableOf(work.env, argument) !== undefined)
      work.ignore(argument, `has no effect without ${name}`, { path: ratio });
    return;
  }
  const sampler = SAMPLERS[text.toLowerCase()];
  if (sampler === undefined) return void work.ignore(name, UNSUPPORTED.wrong, { path: strategy });
  work.set(strategy, sampler.strategy, name);
  if (sampler.ratio !== undefined) return void work.set(ratio, sampler.ratio, name);
  work.set(ratio, 1, name);
  work.applySetting({ path: ratio, variables: [argument] });
}

/** Attributes in the file override the variable's. One invalid pair discards all ("Resource SDK", "Specifying resource information via an environment variable"). */
export function applyResource(work: Overrides): void {
  const name = 'OTEL_RESOURCE_ATTRIBUTES';
  const text = variableOf(work.env, name);
  if (text === undefined) return;
  const pairs = attributesOf(text);
  if ('wrong' in pairs) return void work.ignore(name, pairs.wrong, 'all of its attributes are ignored', true);
  const { 'service.name': service, 'deployment.environment.name': environment, ...rest } = pairs.value;
  const setUnlessGiven = (path: string, value: string | undefined): void => {
    if (value !== undefined && !work.given.has(path) && !work.has(path)) work.set(path, value, name);
  };
  setUnlessGiven('tracing.service_name', service);
  setUnlessGiven('tracing.environment', environment);
  if (Object.keys(rest).length === 0) return;
  const both = work.given.has('tracing.resource') ? `file, ${name}` : name;
  work.set('tracing.resource', { ...rest, ...(work.draft.tracing.resource as object) }, both);
}

export function applyPropagators(work: Overrides): void {
  const [name, path] = ['OTEL_PROPAGATORS', 'tracing.propagators'];
  const text = variableOf(work.env, name);
  if (text === undefined || work.given.has(path)) return;
  const requested = words(text);
  if (requested.length === 1 && requested[0] === 'none') return void work.set(path, [], name);
  const { words: supported } = fieldAt<ListField<string>>(path).item as ScalarField<string>;
  const known = requested.filter((each) => supported.includes(each));
  if (known.length > 0) work.set(path, known, name);
  if (known.length === requested.length) return;
  const effective = known.length > 0 ? known.join(', ') : 'the default';
  work.ignore(name, 'contains a propagator that is not supported', `${path} is ${effective}`);
}
