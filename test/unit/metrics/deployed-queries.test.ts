/** What dashboard and alerts ask for, in the words of the catalogue; what is answered, test/real/dashboard.real.ts says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { FAILURES } from '../../../src/domain/failures.ts';
import { METRICS, type MetricName, type MetricShape } from '../../../src/metrics/catalogue.ts';

interface Query {
  readonly expression: string;
  /** Of the series, as it is shown. */
  readonly legend: string;
}

const deployed = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../deploy/${path}`, import.meta.url)), 'utf8');

function dashboardQueries(): Query[] {
  const { panels } = JSON.parse(deployed('grafana/mizuchi-uploadr.json')) as {
    panels: { targets?: { expr: string; legendFormat?: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr, legendFormat = '' }) => ({ expression: expr, legend: legendFormat })),
  );
}

function alertQueries(): Query[] {
  const { groups } = parse(deployed('prometheus/alerts.yaml')) as { groups: { rules: { expr: string }[] }[] };
  return groups.flatMap(({ rules }) => rules).map(({ expr }) => ({ expression: expr, legend: '' }));
}

const familyOf = (name: string): string => name.replace(/_(total|bucket|sum|count)$/, '');
const words = (text: string): string[] => text.split(',').map((word) => word.trim());

/** Every metric and label that is not there. */
function unknownIn({ expression, legend }: Query): string[] {
  const selectors = [...expression.matchAll(/\b((?:mizuchi|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)];
  const labelsOf = (name: string): readonly string[] => (METRICS[familyOf(name) as MetricName] as MetricShape).labels;
  const missing = selectors.map(([, name]) => name!).filter((name) => !Object.hasOwn(METRICS, familyOf(name)));
  if (missing.length > 0) return missing;
  const selected = selectors.flatMap(([, name, inner = '']) =>
    [...inner.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)]
      .map(([, label]) => label!)
      .filter((label) => !labelsOf(name!).includes(label))
      .map((label) => `${label} of ${name}`),
  );
  const all = new Set(['instance', 'le', ...selectors.flatMap(([, name]) => labelsOf(name!))]);
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner]) => words(inner!));
  const shown = [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label]) => label!);
  return [
    ...selected,
    ...grouped.filter((label) => !all.has(label)),
    ...shown.filter((label) => !grouped.includes(label)),
  ];
}

describe('the queries that are deployed', () => {
  for (const [where, queries, least] of [
    ['the dashboard', dashboardQueries(), 20],
    ['the alerts', alertQueries(), 8],
  ] as const) {
    it(`name metrics and labels that there are, in ${where}`, () => {
      assert.ok(queries.length >= least);
      assert.deepEqual(queries.flatMap(unknownIn), []);
    });
  }

  it('alert on no failure that a client causes', () => {
    const selected = alertQueries().flatMap(({ expression }) => [
      ...expression.matchAll(/\{([^}]*\bresult[=!][^}]*)\}/g),
    ]);
    assert.ok(selected.length >= 2);
    for (const [, selector] of selected) {
      const matchers = [...selector!.matchAll(/result(=~|!=|=)"([^"]*)"/g)];
      const isSelected = (type: string): boolean =>
        matchers.every(([, operator, value]) => {
          const matches = operator === '=~' ? new RegExp(`^(?:${value})$`).test(type) : type === value;
          return operator === '!=' ? !matches : matches;
        });
      const types = Object.entries(FAILURES).filter(([type]) => isSelected(type));
      assert.deepEqual(
        types.filter(([, { side }]) => side === 'client').map(([type]) => type),
        [],
      );
    }
  });

  it('of one bucket are about that bucket wherever a metric knows it', () => {
    const deaf = dashboardQueries().flatMap(({ expression }) =>
      [...expression.matchAll(/(mizuchi_\w+)(\{[^}]*\})?/g)]
        .filter(([, name]) =>
          ((METRICS[familyOf(name!) as MetricName] as MetricShape).labels as string[]).includes('bucket'),
        )
        .filter(([, , inner = '']) => !inner.includes('bucket=~"$bucket"'))
        .map(([selector]) => selector),
    );
    assert.deepEqual(deaf, []);
  });
});
