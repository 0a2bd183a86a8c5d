/** One row of the table of uploads. */
import type { LivePart, Upload } from '../../src/view/documents.ts';
import { showAge, showBytes, showCount, showRate } from '../format.ts';
import { Meter } from '../parts/meter.tsx';
import { WaitBadge } from '../parts/wait-badge.tsx';
import { Progress } from './progress.tsx';
import { ageOf, rateOf, receivedBytes, sizeOf, type UploadRow } from './upload-rows.ts';

export function UploadTableRow({ row, index }: { readonly row: UploadRow; readonly index: number }) {
  // The row of headers is the first.
  const position = index + 2;
  if (row.kind === 'group') return <GroupRow uploads={row.uploads} position={position} />;
  if (row.kind === 'part') return <PartRow part={row.part} position={position} />;
  return <OneUpload upload={row.upload} isInGroup={row.isInGroup} position={position} />;
}

interface NameProps {
  readonly bucket: string | null;
  readonly name: string | null;
  /** Instead of a name that the request does not have. */
  readonly unknown?: string;
}

export function ObjectName({ bucket, name, unknown = '(not known yet)' }: NameProps) {
  return (
    <bdi class="object-name" title={`${bucket ?? ''}/${name ?? ''}`}>
      {bucket !== null && <span class="muted">{bucket}/</span>}
      {name ?? (bucket === null ? unknown : '')}
    </bdi>
  );
}

function GroupRow({ uploads, position }: { readonly uploads: readonly Upload[]; readonly position: number }) {
  const first = uploads[0]!;
  return (
    <tr class="group-row" aria-rowindex={position}>
      <td class="column-name">
        <ObjectName bucket={first.bucket} name={first.key} />
        <span class="second-line muted">multipart upload · {showCount(uploads.length, 'request')} in flight</span>
      </td>
      <td class="column-progress">
        <Progress received={receivedBytes(uploads)} size={sizeOf(uploads)} name={nameOf(first)} />
      </td>
      <td class="column-rate number">{showRate(rateOf(uploads))}</td>
      <td class="column-wait" />
      <td class="column-deadline" />
      <td class="column-age number">{showAge(ageOf(uploads))}</td>
    </tr>
  );
}

interface UploadProps {
  readonly upload: Upload;
  readonly isInGroup: boolean;
  readonly position: number;
}

function OneUpload({ upload, isInGroup, position }: UploadProps) {
  return (
    <tr class={isInGroup ? 'in-group' : ''} aria-rowindex={position} data-request={upload.id}>
      <td class="column-name">
        {isInGroup ? (
          <span class="object-name">part {upload.part_number ?? '–'}</span>
        ) : (
          <ObjectName bucket={upload.bucket} name={upload.key} />
        )}
        <span class="second-line muted">{detailsOf(upload, isInGroup).join(' · ')}</span>
      </td>
      <td class="column-progress">
        <Progress received={upload.received_bytes} size={upload.size_bytes} name={nameOf(upload)} />
      </td>
      <td class="column-rate number">{showRate(upload.bytes_per_second)}</td>
      <td class="column-wait">
        <Wait upload={upload} />
      </td>
      <td class="column-deadline">
        <NearestDeadline upload={upload} />
      </td>
      <td class="column-age number">{showAge(upload.age_seconds)}</td>
    </tr>
  );
}

const nameOf = ({ bucket, key }: Upload): string => `${bucket ?? ''}/${key ?? ''}`;

const detailsOf = (upload: Upload, isInGroup: boolean): string[] =>
  [
    upload.operation ?? 'unknown operation',
    upload.part_number === null || isInGroup ? undefined : `part ${upload.part_number}`,
    upload.way ?? undefined,
    upload.stage === 'upload' ? undefined : upload.stage,
    upload.caller === null ? undefined : `caller ${upload.caller.slice(0, 8)}`,
    upload.worker === null ? undefined : `worker ${upload.worker}`,
  ].filter((text) => text !== undefined);

function Wait({ upload: { waiting_for, waiting_seconds } }: { readonly upload: Upload }) {
  if (waiting_for === null) return <span class="moving">moving</span>;
  return (
    <>
      <WaitBadge wait={waiting_for} />
      {waiting_seconds !== null && waiting_seconds >= 1 && (
        <span class="second-line muted number">for {showAge(waiting_seconds)}</span>
      )}
    </>
  );
}

function NearestDeadline({ upload: { deadline } }: { readonly upload: Upload }) {
  if (deadline === null) return <span class="muted">–</span>;
  const { name, setting, elapsed_seconds, limit_seconds } = deadline;
  return (
    <>
      <span class="number deadline" title={setting}>
        {name} {Math.floor(elapsed_seconds)} of {limit_seconds} s
      </span>
      <Meter label={`${name}: ${setting}`} value={elapsed_seconds} limit={limit_seconds} />
    </>
  );
}

function PartRow({ part, position }: { readonly part: LivePart; readonly position: number }) {
  return (
    <tr class="part-row" aria-rowindex={position}>
      <td class="column-name">
        <span class="object-name">part {part.number} to the store</span>
      </td>
      <td class="column-progress number">{showBytes(part.bytes)}</td>
      <td class="column-rate" />
      <td class="column-wait">
        <WaitBadge wait={part.waiting_for} />
      </td>
      <td class="column-deadline" />
      <td class="column-age number">{showAge(part.age_seconds)}</td>
    </tr>
  );
}
