/** The policy engines of the gateway, in the order in which a bucket with several of them calls them. */
import type { ObjectField } from '../config/field.ts';
import { OPA } from './opa.ts';
import { OPENFGA } from './openfga.ts';
import type { AnyEngine, EngineOptions } from './policy-engine.ts';

const ROWS = [OPA, OPENFGA] as const;

type Row = (typeof ROWS)[number];
/** The sections of the engines in `authz`. */
export type EngineSections = { readonly [R in Row as R['name']]: R['section'] };

export const ENGINES: readonly AnyEngine[] = ROWS;

export const ENGINE_SECTIONS = Object.fromEntries(
  ENGINES.map(({ name, section }): [string, ObjectField<unknown>] => [name, section]),
) as EngineSections;

export interface ConfiguredEngine {
  readonly engine: AnyEngine;
  readonly options: EngineOptions;
}

/** The engines that a section `authz` configures. */
export function configuredEngines(authz: object): readonly ConfiguredEngine[] {
  const sections = authz as Readonly<Record<string, EngineOptions | undefined>>;
  return ENGINES.flatMap((engine) => {
    const options = sections[engine.name];
    return options === undefined ? [] : [{ engine, options }];
  });
}
