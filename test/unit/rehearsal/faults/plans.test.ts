import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ConfigError, formatProblem } from '../../../../src/config/config-error.ts';
import { parseFaults } from '../../../../src/config/parse-config.ts';
import { FaultChooser, proxiedRequestOf } from '../../../../src/rehearsal/faults/fault-chooser.ts';

const page = readFileSync(new URL('../../../../docs/rehearsal.md', import.meta.url), 'utf8');
const recipes = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);

describe('fault plans', () => {
  it('in docs/rehearsal.md are valid, and show every fault', () => {
    assert.ok(recipes.length >= 6);
    const shown = recipes.flatMap((text) => parseFaults(text, 'plan.yaml', {}).faults.map((fault) => fault.do));
    const all = ['reset', 'stall', 'slow', 'corrupt', 'error', 'white_space', 'half_answer', 'change_header', 'stale'];
    assert.deepEqual([...new Set(shown)].sort(), all.sort());
  });

  it('are rejected with line and column if they are invalid', () => {
    const plan = 'faults:\n  - { do: explode }\n  - { do: reset, at: noon, part: 0 }\n';
    assert.throws(
      () => parseFaults(plan, 'plan.yaml', {}),
      (error) => {
        assert.ok(error instanceof ConfigError);
        const lines = error.problems.map(formatProblem);
        assert.deepEqual(
          lines.map((line) => line.split(' ').slice(0, 2).join(' ')),
          ['plan.yaml:2:11 faults[0].do:', 'plan.yaml:3:22 faults[1].at:', 'plan.yaml:3:34 faults[1].part:'],
        );
        return true;
      },
    );
  });
});

describe('FaultChooser', () => {
  const choose = (plan: object[], requests: [string, string][], seed = 1): (string | undefined)[] => {
    const { faults } = parseFaults(JSON.stringify({ faults: plan }), 'plan', {});
    const chooser = new FaultChooser(faults, seed);
    return requests.map(([method, target]) => chooser.choose(proxiedRequestOf(method, target))?.do);
  };
  const times = (count: number): [string, string][] => Array.from({ length: count }, () => ['PUT', '/b/k']);

  for (const [method, target, operation, key, part] of [
    ['PUT', '/b/a/b%20c', 'PutObject', 'a/b c', undefined],
    ['PUT', '/b/k?partNumber=3&uploadId=u', 'UploadPart', 'k', 3],
    ['POST', '/b/k?uploads=', 'CreateMultipartUpload', 'k', undefined],
    ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload', 'k', undefined],
    ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload', 'k', undefined],
    ['GET', '/b/k?uploadId=u', 'ListParts', 'k', undefined],
    ['HEAD', '/b/k', 'HeadObject', 'k', undefined],
    ['GET', '/b?versioning', undefined, '', undefined],
  ] as const) {
    it(`sees ${operation ?? 'nothing'} in ${method} ${target}`, () =>
      assert.deepEqual(proxiedRequestOf(method, target), { operation, key, part }));
  }

  it('skips and counts requests', () =>
    assert.deepEqual(choose([{ do: 'reset', skip: 1, times: 2 }], times(4)), [undefined, 'reset', 'reset', undefined]));

  it('selects the first match', () => {
    const plan = [{ do: 'slow', operation: 'UploadPart' }, { do: 'stall', key: 'other' }, { do: 'reset' }];
    assert.deepEqual(
      choose(plan, [
        ['PUT', '/b/k'],
        ['PUT', '/b/k?partNumber=1&uploadId=u'],
        ['PUT', '/b/other'],
      ]),
      ['reset', 'slow', 'stall'],
    );
  });

  it('is reproducible with the same seed', () => {
    const plan = [{ do: 'reset', probability: 0.3 }];
    const drawn = choose(plan, times(1000));
    assert.deepEqual(choose(plan, times(1000)), drawn);
    assert.notDeepEqual(choose(plan, times(1000), 2), drawn);
    const met = drawn.filter((fault) => fault !== undefined).length;
    assert.ok(met > 200 && met < 400, `${met}`);
  });
});
