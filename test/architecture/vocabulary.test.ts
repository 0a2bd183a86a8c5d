/** Our prose keeps to the words of HTTP, S3 and OpenTelemetry. `VOCABULARY_AREA=src/config` judges one part only. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AREAS, avoidedWords, shown } from '../support/vocabulary/findings.ts';

const areas = process.env.VOCABULARY_AREA?.split(',') ?? AREAS;

describe('the vocabulary', () => {
  for (const area of areas)
    it(`of ${area} is plain`, () => {
      assert.deepEqual(avoidedWords([area]).map(shown), []);
    });
});
