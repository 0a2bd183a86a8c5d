/** The table of docs/policy.md, "What happens when", against the code: the same reasons, with the same outcome. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { OPEN_MILLIS } from '../../../src/authz/breaker.ts';
import { ENGINE_FAILED, type UnavailableReason, unavailable } from '../../../src/authz/engine-error.ts';
import { FAILURES } from '../../../src/domain/failures.ts';

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
const PAGE = read('docs/policy.md');
const words = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!);

interface Row {
  readonly client: string;
  readonly decision: string;
  readonly reasons: readonly string[];
}

function rows(): Row[] {
  const section = PAGE.slice(PAGE.indexOf('## What happens when'));
  const lines = section.slice(0, section.indexOf('\n\n**')).split('\n');
  const cells = lines.filter((line) => line.startsWith('| ')).map((line) => line.split(' | '));
  return cells.slice(1).map(([, client = '', decision = '', reasons = '']) => ({
    client,
    decision: decision.replaceAll('`', ''),
    reasons: words(reasons, /`(\w+)`/g),
  }));
}

const documented = (...decisions: string[]): string[] =>
  rows()
    .filter(({ decision }) => decisions.includes(decision))
    .flatMap(({ reasons }) => reasons)
    .sort();

/** Reasons of a decision that are ours, and not the policy's. */
function decided(): string[] {
  const text = read('src/authz/opa.ts') + read('src/authz/openfga.ts') + read('src/authz/authorization-query.ts');
  return words(text, /\breason: (.*)/g).flatMap((given) => words(given, /'(\w+)'/g));
}

const PROBLEMS: readonly UnavailableReason[] = [...(Object.keys(ENGINE_FAILED) as UnavailableReason[]), 'breaker_open'];

describe('the reasons in docs/policy.md', () => {
  it('are in a table that this test can read', () => {
    assert.ok(rows().length >= 14);
    assert.ok(rows().every(({ reasons }) => reasons.length > 0));
  });

  it('are all reasons for which an engine counts as unavailable, and no others', () => {
    assert.deepEqual(documented('error'), [...PROBLEMS].sort());
  });

  it('are all reasons of decisions, and no others', () => {
    assert.deepEqual(documented('allow', 'deny'), [...new Set(decided())].sort());
  });

  it('have the status of the response', () => {
    const statuses: Record<string, number> = {
      deny: FAILURES.access_denied.status,
      error: unavailable('engine_failed', 1).status,
    };
    for (const { client, decision } of rows())
      if (decision !== 'allow') assert.match(client, new RegExp(`^${statuses[decision]}\\b`), client);
  });

  it('name the problems that the circuit breaker does not count, and for how long it is open', () => {
    const well = Object.entries(ENGINE_FAILED).filter(([, unwell]) => !unwell);
    assert.deepEqual(
      well.map(([problem]) => problem),
      ['engine_refused'],
    );
    assert.match(PAGE, /`engine_refused` does not\s+count/);
    assert.ok(PAGE.includes(`receives no queries for ${OPEN_MILLIS / 1000} s`));
  });
});
