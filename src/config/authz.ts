/** The section `authz` of a bucket: the policy engines that authorize uploads. Each engine brings its own section. */
import { ENGINE_SECTIONS, ENGINES } from '../authz/engines.ts';
import { type Rule, section, type ValueOf, type Values } from './field.ts';
import { boolean } from './scalars.ts';

const NAMES = ENGINES.map(({ name }) => name);

const FIELDS = {
  enabled: boolean({
    prose:
      'Whether policy engines authorize uploads. Without this section, or with `false`, every authenticated client may upload.',
    default: true,
  }),
  ...ENGINE_SECTIONS,
};

type Authz = Values<typeof FIELDS>;

const HAS_ENGINE: Rule<Authz> = {
  of: Object.keys(FIELDS) as (keyof Authz)[],
  at: 'enabled',
  broken: ({ enabled, ...engines }) =>
    enabled && Object.values(engines).every((engine) => engine === undefined)
      ? { wrong: 'is true, but no policy engine is configured', hint: `add ${NAMES.join(' or ')}, or set it to false` }
      : undefined,
};

export const AUTHZ = section(FIELDS, {
  prose:
    'Authorization. Every configured engine must allow the upload. If an engine does not return a decision, the upload fails with 503.',
  absent: { enabled: false },
  refuseEmpty: true,
  rules: [HAS_ENGINE],
});

export type AuthzConfig = ValueOf<typeof AUTHZ>;
