/**
 * Words that our prose avoids, and what to write instead: the readers know HTTP, S3 and OpenTelemetry, and should meet the words
 * of those fields. A pattern is as narrow as plain English and the terms of standards need it to be.
 */

export interface Word {
  /** What the findings call it. */
  readonly word: string;
  readonly pattern: RegExp;
  readonly instead: string;
  /** Uses that the pattern leaves alone: terms of standards, and plain English in another sense. */
  readonly allowed?: string;
}

const BE = '(?:is|are|was|were|be|been|being)';
const THINGS = '(?:gateway|store|bucket|client|collector|engine|server|port|listener|proxy|peer|provider)';

export const WORDS: readonly Word[] = [
  {
    word: 'answer',
    pattern: /(?<!\{ do: reset, operation: PutObject, at: )\b(?:answer(?:s|ed|ing)?|unanswered)\b/i,
    instead: 'response, responds; for an engine: decision',
    allowed: 'the example of a fault, whose setting `at` has the value `answer`',
  },
  {
    word: 'head (of a request)',
    pattern:
      /(?<![.\w/-]|\(setting: |\bold name of |\bmeans head: …, but )[Hh]eads?\b(?!:|\/|-(?:of-line|based|and-listings)|\s+(?:sampl|of (?:the|a) (?:queue|list|line|branch)))/,
    instead: 'headers, request headers; of a file or a table: top',
    allowed:
      'the HTTP method HEAD, the setting `head`, head sampling (OpenTelemetry), head-of-line blocking, the head of a queue',
  },
  { word: 'ask', pattern: /\bask(?:s|ed|ing)?\b/i, instead: 'request, send, query, call' },
  { word: 'told', pattern: /\btold\b/i, instead: 'receives, is notified; the response says → the response is' },
  { word: 'hear', pattern: /\b(?:hears?|heard|hearing)\b/i, instead: 'receive' },
  {
    word: 'say',
    pattern:
      /(?<!\b(?:RFC \d+|section|standard|specification|documentation|docs|guide|page|table|row|comment|title|README|\.md`?|\d) )\b(?:say|says|said|saying)\b/i,
    instead: 'report, log, return, state, show',
    allowed: 'what a document says: "the RFC says", "the table says"',
  },
  { word: 'mend', pattern: /\bmend(?:s|ed|ing)?\b/i, instead: 'fix; in a message: the hint itself, in the imperative' },
  { word: 'cure', pattern: /\bcur(?:e|es|ed|ing)\b/i, instead: 'fix' },
  { word: 'trouble', pattern: /\b(?:trouble[sd]?|troubling)\b/i, instead: 'error, failure' },
  { word: 'unwell', pattern: /\bunwell\b/i, instead: 'failing, unavailable' },
  { word: 'gone', pattern: /\bgone\b/, instead: 'unavailable, unreachable, closed, removed' },
  { word: 'remember', pattern: /\bremember(?:s|ed|ing)?\b/i, instead: 'cached, stored' },
  {
    word: 'kept (cached)',
    pattern: new RegExp(
      `\\b(?:decisions?|tokens?|key sets?|responses?) (?:${BE} )?kept\\b|\\bkept (?:decisions?|tokens?|key sets?)\\b`,
      'i',
    ),
    instead: 'cached',
  },
  {
    word: 'kept connection',
    pattern: new RegExp(`\\bkept connections?\\b|\\bconnections? (?:that )?${BE} kept\\b`, 'i'),
    instead: 'keep-alive connection, pooled connection',
  },
  {
    word: 'be taken',
    pattern: new RegExp(
      `\\b${BE} (?:not |never |always |only |also )*taken\\b(?! (?:from|over|down|into account))|\\btaken for\\b`,
      'i',
    ),
    instead: 'accepted; of bytes: read, consumed',
    allowed: 'taken from, over, down, into account',
  },
  {
    word: 'take (accept)',
    pattern: new RegExp(
      `\\b${THINGS} (?:that )?(?:does not |do not |can |cannot |can not )?takes?\\b(?! (?:time|part|place|over|long|at most|about|up to|effect|precedence|care|\\d|more|less|fewer|as long|the same|too|no time|no longer|effect))|\\b(?:takes?|took|taking) (?:requests?|uploads?|bod(?:y|ies)|credentials?|forms?)\\b`,
      'i',
    ),
    instead: 'accept; of bytes: read, consume',
    allowed: 'duration and quantity: takes time, takes 5 s',
  },
  {
    word: 'is no …',
    pattern:
      /(?<!\b(?:there|where|here) )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|greater\b|later\b|earlier\b|larger\b|smaller\b|slower\b|faster\b|different\b|newer\b|older\b)/i,
    instead: '"is not a …", "does not have …"',
    allowed: '"there is no …", and comparisons: "is no longer", "is no larger than"',
  },
  {
    word: 'has not …',
    pattern: /\b(?:has|have|had) not (?:the|a|an|any|its|this|that|enough|one)\b|\bhas (?:none|not)[.,;]/i,
    instead: '"does not have …", "without …"',
    allowed: 'has not + participle',
  },
  { word: 'cannot be had', pattern: /\bbe had\b/i, instead: 'is unavailable' },
  { word: 'whoever', pattern: /\bwhom?(?:so)?ever\b/i, instead: 'a noun: the client, the operator; any …' },
  { word: 'those that', pattern: /\bthose (?:that|who|which|whose)\b/i, instead: 'a noun: requests that …' },
  {
    word: 'what is … (for a noun)',
    pattern: /\bwhat (?:is|was|are|were) (?![^.!;:|]*\?)/i,
    instead: 'a noun: dropped spans, the stored bytes',
    allowed: 'a direct question',
  },
  { word: 'that which', pattern: /\bthat which\b/i, instead: 'a noun' },
  {
    word: 'nobody',
    pattern: /\b(?:nobody|somebody|anybody|everybody)\b/i,
    instead: 'a noun: no client, one caller, all callers',
  },
  { word: 'knock', pattern: /\bknock(?:s|ed|ing)?\b/i, instead: 'attempt' },
  { word: 'share of', pattern: /\bshares? of\b/i, instead: 'ratio, part, portion', allowed: 'to share' },
  { word: 'wish', pattern: /\bwish(?:es|ed|ing)?\b/i, instead: 'request; of a server: Retry-After' },
  { word: 'patience', pattern: /\b(?:im)?patien(?:ce|t|tly)\b/i, instead: 'timeout, wait' },
  { word: 'lie', pattern: /\b(?:lie|lies|lied|lying|liars?)\b/i, instead: 'misreport, false; of a place: is in' },
  {
    word: 'truthful (of a program)',
    pattern: /\b(?:un)?truthful (?:store|client|server|collector|peer|gateway)s?\b/i,
    instead: 'the plain fact: which it returns',
    allowed: 'a truthful trace, our own claim',
  },
  {
    word: 'break off',
    pattern: /\b(?:breaks?|broke|broken|breaking) (?:\w+ )?off\b/i,
    instead: 'abort, disconnect, reset',
  },
  {
    word: 'cut',
    pattern: /\bcut(?:s|ting)?\b(?!-through)/i,
    instead: 'abort, disconnect, truncate, remove',
    allowed: 'cut-through',
  },
  {
    word: 'so many',
    pattern: /(?<!, )\bso many\b|\ba few at once\b/i,
    instead: 'the number of …, in batches of N',
    allowed: '"…, so many clients …", where so means therefore',
  },
  { word: 'beside', pattern: /\bbesides?\b/i, instead: 'next to; also' },
  {
    word: 'stand',
    pattern: /\b(?:stands?|standing|stood)\b(?!-| for\b| in for\b|alone)/i,
    instead: 'is (in a file, a table)',
    allowed: 'stand-in, stand for',
  },
  { word: 'stranger', pattern: /\bstrangers?\b/i, instead: 'unauthenticated client' },
  {
    word: 'question',
    pattern: /\bquestions?\b(?! mark)/i,
    instead: 'authorization query, check, request',
    allowed: 'the question mark',
  },
  {
    word: 'who is it / may they',
    pattern: /\bwho (?:is it|it is|is there|they are|you are)\b|\bmay they\b|\bwhether (?:they|it|he|she) may\b/i,
    instead: 'authentication, authorization; identity',
  },
  {
    word: 'lost (of a response)',
    pattern: new RegExp(
      `\\blost (?:responses?|completions?|acknowledge\\w+)\\b|\\b(?:responses?|completions?) (?:that )?(?:${BE}|gets?|got) lost\\b`,
      'i',
    ),
    instead: 'response not received; outcome unknown',
  },
  {
    word: 'of its own',
    pattern: /\bof (?:its|their|our|your|his|one's) own\b/i,
    instead: 'a separate …, its own …',
  },
  {
    word: 'archaic',
    pattern:
      /\b(?:lest|whence|thence|hence|thereby|therein|thereof|thereto|wherein|whereof|whereby|unto|ere|nought|naught|forthwith|hitherto|heed(?:s|ed)?|behold|oneself|yonder|for ever|of late|betimes)\b/i,
    instead: 'plain modern English',
  },
];
