/**
 * What is said about a file that is not YAML, by the code that the parser gives. Its own messages quote the file, and what
 * they quote may be a secret.
 */
import type { ErrorCode } from 'yaml';
import type { Complaint } from './field.ts';

const INDENT: Complaint = {
  wrong: 'the indentation does not fit',
  mend: 'align the entries of a mapping, with spaces only, and close brackets',
};
const SYNTAX: Complaint = {
  wrong: 'something stands here that YAML does not expect',
  mend: `check indentation, quotes and brackets, and put values with special characters or \${…} in quotes`,
};
const ANCHOR: Complaint = { wrong: 'an anchor, alias or tag stands where it cannot', mend: 'write the value itself' };

export const YAML_MISTAKES: Readonly<Record<ErrorCode, Complaint>> = {
  ALIAS_PROPS: ANCHOR,
  BAD_ALIAS: ANCHOR,
  BAD_COLLECTION_TYPE: { wrong: 'the tag does not fit the value', mend: 'remove the tag' },
  BAD_DIRECTIVE: { wrong: 'the directive is not known', mend: 'remove the line that begins with %' },
  BAD_DQ_ESCAPE: {
    wrong: 'the escape sequence is not known',
    mend: 'write \\\\ for a backslash, or use single quotes',
  },
  BAD_INDENT: INDENT,
  BAD_PROP_ORDER: ANCHOR,
  BAD_SCALAR_START: { wrong: 'a plain value cannot begin with this character', mend: 'put the value in quotes' },
  BLOCK_AS_IMPLICIT_KEY: {
    wrong: 'a mapping begins in the middle of a line',
    mend: 'begin it on a line of its own, or put the value with ": " in quotes',
  },
  BLOCK_IN_FLOW: {
    wrong: 'a block stands within brackets',
    mend: 'write it in brackets too, or take the brackets away',
  },
  DUPLICATE_KEY: { wrong: 'a key is given twice', mend: 'keep one' },
  IMPOSSIBLE: SYNTAX,
  KEY_OVER_1024_CHARS: { wrong: 'a key is longer than 1024 characters', mend: 'check the quotes before it' },
  MISSING_CHAR: {
    wrong: 'a character is missing',
    mend: 'close quotes and brackets, put a space after ":" and ",", or put the value in quotes',
  },
  MULTILINE_IMPLICIT_KEY: { wrong: 'a key runs over several lines', mend: 'check that ":" follows the key' },
  MULTIPLE_ANCHORS: ANCHOR,
  MULTIPLE_DOCS: { wrong: 'a second document begins', mend: 'keep one document in the file; remove the line ---' },
  MULTIPLE_TAGS: ANCHOR,
  NON_STRING_KEY: { wrong: 'a key is not a word', mend: 'use plain words as keys' },
  RESOURCE_EXHAUSTION: { wrong: 'the file is nested too deeply', mend: 'check the brackets' },
  TAB_AS_INDENT: { wrong: 'a tab is used as indentation', mend: 'use spaces' },
  TAG_RESOLVE_FAILED: {
    wrong: 'tags are not used in this file',
    mend: 'remove the word with "!", or put the value in quotes',
  },
  UNEXPECTED_TOKEN: SYNTAX,
};
