/** The waterfall of a trace: a tree of spans, each with a bar in SVG that is as long as the span. */
import { showSeconds } from '../format.ts';
import { Hatches, HatchLegend, hatchOf } from './hatches.tsx';
import type { Span, Trace } from './otlp.ts';
import { spanTree } from './span-tree.ts';
import { waitsOf } from './span-waits.ts';

interface Props {
  readonly trace: Trace;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}

const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;

export function Waterfall({ trace, selected, onSelect }: Props) {
  const rows = spanTree(trace.spans);
  const waits = [...new Set(trace.spans.flatMap((span) => waitsOf(span).map(({ wait }) => wait)))];
  return (
    <section class="card waterfall" aria-label="Waterfall">
      <Hatches />
      <HatchLegend waits={waits} />
      <div class="span-row axis" aria-hidden="true">
        <span class="muted">{trace.spans.length} spans</span>
        <span class="axis-ticks">
          {TICKS.map((part) => (
            <span key={part}>{showSeconds(part * trace.durationSeconds)}</span>
          ))}
        </span>
        <span />
      </div>
      <ol class="spans">
        {rows.map(({ span, depth }) => (
          <li key={span.id} class={`span-row ${selected === span.id ? 'selected' : ''}`}>
            <button
              type="button"
              class="span-name"
              style={{ '--depth': depth }}
              aria-pressed={selected === span.id}
              aria-label={`${span.name}, level ${depth + 1}, ${showSeconds(span.durationSeconds)}${span.isError ? ', failed' : ''}`}
              onClick={() => onSelect(span.id)}
            >
              {depth > 0 && (
                <span class="branch" aria-hidden="true">
                  └
                </span>
              )}
              <span class="span-title" title={span.name}>
                {span.name}
              </span>
              {span.isError && (
                <span class="error-mark" aria-hidden="true">
                  ✕
                </span>
              )}
            </button>
            <Bar span={span} total={trace.durationSeconds} onSelect={() => onSelect(span.id)} />
            <span class="span-time number">{showSeconds(span.durationSeconds)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

const percent = (seconds: number, total: number): string => `${total > 0 ? (100 * seconds) / total : 0}%`;

const classOf = ({ name, isError }: Span): string => {
  const kind = name.startsWith('aws.s3.')
    ? 'store'
    : /^auth/.test(name)
      ? 'auth'
      : name === 's3.upload'
        ? 'upload'
        : 'server';
  return `bar bar-${kind}${isError ? ' bar-error' : ''}`;
};

interface BarProps {
  readonly span: Span;
  readonly total: number;
  readonly onSelect: () => void;
}

/** For pointers only: the button of the row does the same. */
function Bar({ span, total, onSelect }: BarProps) {
  const start = percent(span.startSeconds, total);
  return (
    <svg class="span-bar" aria-hidden="true" onClick={onSelect}>
      {TICKS.map((part) => (
        <line key={part} class="grid-line" x1={`${part * 100}%`} x2={`${part * 100}%`} y1="0" y2="100%" />
      ))}
      <line class={`bar-start ${classOf(span)}`} x1={start} x2={start} y1="6" y2="22" />
      <rect
        class={classOf(span)}
        data-span={span.id}
        x={start}
        y="6"
        rx="2"
        height="16"
        width={percent(span.durationSeconds, total)}
      />
      <WaitPieces span={span} total={total} />
      {span.events.map(({ name, atSeconds }, index) => (
        <svg key={index} x={percent(atSeconds, total)} y="0" overflow="visible">
          <title>{name}</title>
          <path class="event-tick" d="M-3.5 0H3.5L0 6ZM0 6V22" />
        </svg>
      ))}
    </svg>
  );
}

function WaitPieces({ span, total }: { readonly span: Span; readonly total: number }) {
  let seconds = span.startSeconds;
  return (
    <>
      {waitsOf(span).map((piece) => {
        const start = seconds;
        seconds += piece.seconds;
        return (
          <rect
            key={piece.attribute}
            class="wait-piece"
            data-wait={piece.wait}
            x={percent(start, total)}
            y="9"
            height="10"
            width={percent(piece.seconds, total)}
            fill={hatchOf(piece.wait)}
          >
            <title>
              {piece.attribute}: {showSeconds(piece.seconds)}
            </title>
          </rect>
        );
      })}
    </>
  );
}
