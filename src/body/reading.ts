/** The conditions under which the body of one request is read. */
import type { Pace } from '../domain/pace.ts';
import type { TransferClock } from './transfer-clock.ts';

export interface BodyReading {
  readonly transfer: TransferClock;
  /** How slow the client may be. */
  readonly pace: Pace;
  /** Notified of object bytes that were passed on, so that their memory is freed. */
  readonly chunks: { passed(bytes: number): void };
}
