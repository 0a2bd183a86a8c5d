/** Limits, and how much of each is used. */
import type { Limit } from '../../src/view/documents.ts';
import { showBytesOf, showCount } from '../format.ts';
import { Meter } from '../parts/meter.tsx';

export function Limits({ limits }: { readonly limits: readonly Limit[] }) {
  if (limits.length === 0) return null;
  return (
    <section aria-labelledby="limits">
      <h2 id="limits">Limits</h2>
      <table class="card plain">
        <thead>
          <tr>
            <th scope="col">Limit</th>
            <th scope="col">Used</th>
          </tr>
        </thead>
        <tbody>
          {limits.map((limit) => (
            <tr key={limit.setting}>
              <th scope="row" class="code">
                {limit.setting}
              </th>
              <td class="limit">
                <span class="number">{showUsed(limit)}</span>
                <Meter label={`Used part of ${limit.setting}`} value={limit.used} limit={limit.limit} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function showUsed({ unit, used, limit, waiting }: Limit): string {
  const text =
    unit === 'bytes' ? showBytesOf(used, limit) : `${used.toLocaleString('en')} of ${limit.toLocaleString('en')}`;
  return waiting === null || waiting === 0 ? text : `${text}, ${showCount(waiting, 'waits', 'wait')}`;
}
