/** The section `auth` of a bucket: how clients authenticate. Each scheme brings its own section. */
import { SCHEME_SECTIONS, SCHEMES } from '../auth/schemes.ts';
import { type Rule, section, type ValueOf, type Values } from './field.ts';
import { boolean } from './scalars.ts';

const NAMES = SCHEMES.map(({ name }) => name);

const FIELDS = {
  enabled: boolean({
    prose: 'Whether clients must authenticate. Without this section, or with `false`, uploads are anonymous.',
    default: true,
  }),
  ...SCHEME_SECTIONS,
};

type Auth = Values<typeof FIELDS>;

const HAS_SCHEME: Rule<Auth> = {
  of: Object.keys(FIELDS) as (keyof Auth)[],
  at: 'enabled',
  broken: ({ enabled, ...schemes }) =>
    enabled && Object.values(schemes).every((scheme) => scheme === undefined)
      ? {
          wrong: 'is true, but no authentication method is configured',
          hint: `add ${NAMES.join(' or ')}, or set it to false`,
        }
      : undefined,
};

export const AUTH = section(FIELDS, {
  prose:
    'Authentication. Any of the configured methods is accepted; a request with two kinds of credentials is rejected.',
  absent: { enabled: false },
  refuseEmpty: true,
  rules: [HAS_SCHEME, ...SCHEMES.flatMap(({ rules = [] }) => rules as readonly Rule<Auth>[])],
});

export type AuthConfig = ValueOf<typeof AUTH>;
