/** The slots for concurrent requests. They belong to the whole gateway, whatever configuration its requests are served with. */
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { CallerSlots } from './caller-slots.ts';
import { FormsReading } from './forms-reading.ts';

/**
 * The maximum ratio of slots for forms that are being read: their clients are not authenticated yet, and may be slow. The other slots
 * stay free for other requests.
 */
const FORM_SHARE = FIXED_LIMITS.form_share;

export class Admission {
  readonly uploads: CallerSlots;
  readonly forms: FormsReading;

  /** @param concurrentUploads the maximum number of concurrent requests. */
  constructor(concurrentUploads: number) {
    this.uploads = new CallerSlots(concurrentUploads, 'too_many_uploads');
    this.forms = new FormsReading(Math.ceil(concurrentUploads * FORM_SHARE));
  }

  /** POST forms whose fields are being read. */
  get formsReading(): number {
    return this.forms.count;
  }
}
