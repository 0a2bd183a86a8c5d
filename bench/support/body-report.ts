/** The report of one race of bodies as text. */
import {
  AGAIN,
  type BodyContestant,
  counterpart,
  isGateway,
  type PeerContestant,
  streamed,
} from './body-contestants.ts';
import type { Race } from './body-races.ts';
import { verdictLines } from './body-targets.ts';
import type { RaceResult } from './race-result.ts';
import { ratioText, table } from './table.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** @param smoke without targets: the figures are meaningless. */
export function raceReport({ title, targets }: Race, result: RaceResult, effort: string, smoke: boolean): string {
  const peers = result.contestants.filter((one) => !isGateway(one));
  return [
    `CPU, objects of ${title} (${effort})\n`,
    gatewayTable(result),
    ...(peers.length > 0 ? [peerTable(peers, result)] : []),
    ...(smoke ? [] : [...verdictLines(targets, result), '']),
  ].join('\n');
}

/** One row for each form: the gateway with the ways it chooses, next to the one that streams. */
function gatewayTable(result: RaceResult): string {
  const forms = result.contestants.filter(({ against }) => against.length > 0);
  const head = ['the gateway', 'by streaming [95 %]', 'by plain [95 %]', ...columns(result).flatMap(pairOfColumns)];
  return table([head, ...forms.map((form) => gatewayRow(form, result))]);
}

const pairOfColumns = ({ unit }: Column): string[] => [unit, 'streamed'];

function gatewayRow({ name, against }: BodyContestant, result: RaceResult): string[] {
  const stream = against[0]!;
  const isStreamed = result.has(stream);
  const byPlain = result.ratio(name, name === AGAIN ? streamed('plain') : 'plain');
  const figures = columns(result).flatMap(({ of }) => [of(name), isStreamed ? of(stream) : '']);
  return [name, isStreamed ? ratioText(result.ratio(name, stream)) : '', ratioText(byPlain), ...figures];
}

/** One row for each other server: the gateway that gets the same, relative to it. */
function peerTable(peers: readonly PeerContestant[], result: RaceResult): string {
  const units = columns(result).map(({ unit }) => unit);
  const rows = peers.map((peer) => [
    peer.name,
    ...byPeer(peer, result),
    ...columns(result).map(({ of }) => of(peer.name)),
  ]);
  return table([['the gateway by others', 'ratio [95 %]', 'streamed [95 %]', ...units], ...rows]);
}

function byPeer(peer: PeerContestant, result: RaceResult): string[] {
  if (peer.who === 'none') return ['', ''];
  const own = counterpart(peer);
  return [own, streamed(own)].map((name) => ratioText(result.ratio(name, peer.name)));
}

interface Column {
  readonly unit: string;
  of(name: string): string;
}

function columns(result: RaceResult): Column[] {
  const { size } = result;
  const micros = { unit: 'µs', of: (name: string) => blankZero(result.cpu(name), 0) };
  const perGib = { unit: 'CPU-s/GiB', of: (name: string) => blankZero((result.cpu(name) * GIB) / size / 1e6, 3) };
  const rate = { unit: 'MiB/s', of: (name: string) => ((size / result.clock(name)) * (1e6 / MIB)).toFixed(0) };
  if (size < 64 * 1024) return [micros];
  return size < MIB ? [micros, rate] : [perGib, rate];
}

/** The store is not a contestant: it has no CPU of its own here. */
function blankZero(value: number, digits: number): string {
  return value === 0 ? '' : value.toFixed(digits);
}
