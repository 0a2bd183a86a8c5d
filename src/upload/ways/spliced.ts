/**
 * Large objects whose bytes the gateway need not read: the kernel moves them from one connection to the other. The client promises
 * nothing about them, or only what the store verifies itself.
 */
import { isVerifiedBy } from '../../body/verified-by-store.ts';
import { canMove, type MoveOptions, moveBody } from './move-body.ts';
import { refuses, suits, type Way } from './way.ts';

export function createSpliced(options: MoveOptions): Way {
  return {
    name: 'spliced',
    judge(upload) {
      const { plan, request } = upload;
      const { checksums } = request.bucket;
      const isUnread = isVerifiedBy(checksums, plan) && plan.sent === undefined && !plan.md5;
      const obstacle = canMove(upload, options, isUnread);
      if (obstacle !== undefined) return obstacle;
      return isUnread && options.pump?.canSplice === true ? suits('unread') : refuses();
    },
    send(upload) {
      const { plan, request, headers } = upload;
      const { payloadHash } = plan;
      const length = request.incoming.body.length!;
      return moveBody(upload, options, { plan: undefined, payloadHash, headers, length });
    },
  };
}
