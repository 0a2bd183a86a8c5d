/** The file of a policy engine that exists in tests only: it is asked for a word about a key. */
import { queryOf, writeQuery } from '../../../../src/authz/authorization-query.ts';
import { policyEngine } from '../../../../src/authz/policy-engine.ts';
import { string } from '../../../../src/config/scalars.ts';

export const WORD_ENGINE = policyEngine({
  name: 'word_engine',
  title: 'Word Engine',
  exampleUrl: 'http://127.0.0.1:9999',
  needsSubject: false,
  fields: {
    word: string({
      prose: 'The word that allows.',
      check: (word) => (/^[a-z]+$/.test(word) ? undefined : 'is not a word'),
      hint: 'write lower-case letters',
    }),
  },
  protocol: {
    path: ({ word }) => `/words/${word}`,
    encode(_, request) {
      const query = queryOf(request);
      return writeQuery(query, { action: query.action, key: query.resource.key });
    },
    decode: (document) => {
      const allow = (document as { word?: unknown } | null)?.word === 'yes';
      return { allow, reason: allow ? 'word_given' : 'word_withheld' };
    },
  },
  describe: ({ url, word }) => `Word Engine ${url}, ${word}`,
});
