/** The failures of the last 15 minutes by side and reason, each with its newest examples. */
import type { FailureExample, FailureGroup } from '../../src/view/documents.ts';
import { showAge, showCount } from '../format.ts';
import { traceAddress } from '../route.ts';
import { Side } from '../traces/outcome.tsx';
import { ObjectName } from '../uploads/upload-row.tsx';

interface Props {
  readonly failures: readonly FailureGroup[];
  readonly now: number;
}

export function Failures({ failures, now }: Props) {
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">Failures of the last 15 minutes</h2>
      {failures.length === 0 ? (
        <p class="card note">None.</p>
      ) : (
        <div class="card failures">
          {failures.map((group) => (
            <Group key={`${group.side} ${group.error_type} ${group.reason}`} group={group} now={now} />
          ))}
        </div>
      )}
    </section>
  );
}

function Group({ group, now }: { readonly group: FailureGroup; readonly now: number }) {
  return (
    <details>
      <summary>
        <Side side={group.side} /> <b>{group.error_type}</b>{' '}
        {group.reason !== null && <span class="muted">{group.reason}</span>}
        <span class="failure-count number">{showCount(group.count, 'request')}</span>
      </summary>
      <ul class="examples">
        {group.examples.map((example) => (
          <Example key={example.id} example={example} now={now} />
        ))}
      </ul>
    </details>
  );
}

function Example({ example, now }: { readonly example: FailureExample; readonly now: number }) {
  return (
    <li>
      <span class="muted number">{showAge((now - example.at) / 1000)} ago</span>{' '}
      <ObjectName bucket={example.bucket} name={example.key} />{' '}
      {example.trace_id !== null && <a href={traceAddress(example.trace_id)}>trace</a>}
      <p>
        <bdi>{example.message}</bdi>
      </p>
    </li>
  );
}
