/** Renders docs/headers.md: the treatment of each request header, from the table of headers. */
import { type HeaderFate, REQUEST_HEADERS, type RequestHeader } from '../../src/domain/request-headers.ts';
import { code, head, table } from './markdown.ts';

export function renderHeaders(): string {
  const sections = (Object.keys(SECTIONS) as HeaderFate[]).map(renderSection);
  return `${head('Request headers')}\n${INTRODUCTION}\n${sections.join('\n')}`;
}

const SECTIONS: Readonly<Record<HeaderFate, readonly [title: string, prose: string]>> = {
  passed: ['Passed on to the store', 'With other operations S3 does not know the header, and it ends at the gateway.'],
  ends_here: ['Ends at the gateway', 'A signature is valid without the headers that proxies add.'],
  refused: ['Refused', 'The response is 403 `AccessDenied`.'],
};

function renderSection(fate: HeaderFate): string {
  const [title, prose] = SECTIONS[fate];
  const found = REQUEST_HEADERS.filter((row) => row.fate === fate);
  return `## ${title}\n\n${prose}\n\n${table(columnsOf(fate), found.map(cellsOf))}\n`;
}

function columnsOf(fate: HeaderFate): string[] {
  const more = { passed: ['operations'], ends_here: ['added by proxies'], refused: [] }[fate];
  return ['header', 'sent by', ...more, 'why', 'source'];
}

function cellsOf({ name, sender, fate, operations = [], addedOnTheWay, why, source }: RequestHeader): string[] {
  const more = { passed: [operations.join(', ')], ends_here: [addedOnTheWay ? 'yes' : ''], refused: [] }[fate];
  return [code(name), sender, ...more, why, source];
}

const INTRODUCTION = `The treatment of request headers that AWS SDKs, other S3 clients and reverse proxies send. A header that is not in this table ends at the
gateway. If its name begins with \`x-amz-\`, \`x-minio-\` or another prefix of a store, it is refused, because the client relies on its effect. A
bucket can refuse, allow and set further headers (\`headers\` in [configuration](configuration.md)). HeadBucket and other requests about the
bucket never reach the store, so it does not evaluate their headers. The table is generated from \`src/domain/request-headers.ts\`.
`;
