/** Shows the way that the body of an upload takes, on its span and while it runs. */
import type { WayName, WayReason } from '../../domain/upload-way.ts';
import type { UploadScope } from '../handler.ts';

export function showWay({ span, transfer }: UploadScope, way: WayName, reason: WayReason | undefined): void {
  transfer.way = way;
  span.set('upload.way', way);
  span.set('upload.way_reason', reason);
}
