import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namesFrom } from '../../../../bench/support/instructions/compiled-names.ts';

const MAP = `1000 100 JS:~verify file:///checkout/src/sigv4/verify.ts:3:1
2000 40 Builtin:DeoptimizationEntry_Eager
1080 10 JS:*send file:///checkout/src/s3/send.ts:9:2
2000 80 JS:^end file:///checkout/src/tracing/end.ts:5:1
`;

describe('names of compiled functions', () => {
  const nameOf = namesFrom(MAP);

  it('do not depend on the tier of the compiler', () => {
    assert.equal(nameOf('0x0000000000001000'), 'JS:verify file:///checkout/src/sigv4/verify.ts:3:1');
  });

  it('are those of the code that has an address inside', () => {
    assert.match(nameOf('0x108f'), /^JS:send /);
    assert.match(nameOf('0x1090'), /^JS:verify /);
  });

  it('are the latest where memory was used again', () => {
    assert.match(nameOf('0x2020'), /^JS:end /);
  });

  it('are unchanged for other addresses and for symbols', () => {
    assert.equal(nameOf('0x1100'), '0x1100');
    assert.equal(nameOf('Builtins_LoadIC'), 'Builtins_LoadIC');
  });
});
