/**
 * The messages for invalid YAML, by error code of the parser. The parser's own messages quote the file, which may contain
 * secrets.
 */
import type { ErrorCode } from 'yaml';
import type { Complaint } from './field.ts';

const INDENT: Complaint = {
  wrong: 'the indentation is wrong',
  hint: 'align the entries of a mapping, with spaces only, and close brackets',
};
const SYNTAX: Complaint = {
  wrong: 'unexpected YAML syntax',
  hint: `check indentation, quotes and brackets, and put values with special characters or \${…} in quotes`,
};
const ANCHOR: Complaint = { wrong: 'an anchor, alias or tag is not allowed here', hint: 'write the value itself' };

export const YAML_MISTAKES: Readonly<Record<ErrorCode, Complaint>> = {
  ALIAS_PROPS: ANCHOR,
  BAD_ALIAS: ANCHOR,
  BAD_COLLECTION_TYPE: { wrong: 'the tag does not match the value', hint: 'remove the tag' },
  BAD_DIRECTIVE: { wrong: 'the directive is unknown', hint: 'remove the line that starts with %' },
  BAD_DQ_ESCAPE: {
    wrong: 'the escape sequence is unknown',
    hint: 'write \\\\ for a backslash, or use single quotes',
  },
  BAD_INDENT: INDENT,
  BAD_PROP_ORDER: ANCHOR,
  BAD_SCALAR_START: { wrong: 'a plain value cannot start with this character', hint: 'put the value in quotes' },
  BLOCK_AS_IMPLICIT_KEY: {
    wrong: 'a mapping starts in the middle of a line',
    hint: 'start it on a new line, or put the value with ": " in quotes',
  },
  BLOCK_IN_FLOW: {
    wrong: 'a block is inside brackets',
    hint: 'write it in brackets too, or remove the brackets',
  },
  DUPLICATE_KEY: { wrong: 'a key is duplicated', hint: 'remove one of them' },
  IMPOSSIBLE: SYNTAX,
  KEY_OVER_1024_CHARS: { wrong: 'a key is longer than 1024 characters', hint: 'check the quotes before it' },
  MISSING_CHAR: {
    wrong: 'a character is missing',
    hint: 'close quotes and brackets, put a space after ":" and ",", or put the value in quotes',
  },
  MULTILINE_IMPLICIT_KEY: { wrong: 'a key spans several lines', hint: 'check that ":" follows the key' },
  MULTIPLE_ANCHORS: ANCHOR,
  MULTIPLE_DOCS: { wrong: 'a second document starts', hint: 'use one document per file: remove the line ---' },
  MULTIPLE_TAGS: ANCHOR,
  NON_STRING_KEY: { wrong: 'a key is not a string', hint: 'use plain words as keys' },
  RESOURCE_EXHAUSTION: { wrong: 'the file is nested too deeply', hint: 'check the brackets' },
  TAB_AS_INDENT: { wrong: 'a tab is used as indentation', hint: 'use spaces' },
  TAG_RESOLVE_FAILED: {
    wrong: 'tags are not supported',
    hint: 'remove the word with "!", or put the value in quotes',
  },
  UNEXPECTED_TOKEN: SYNTAX,
};
