/** A source of the live view whose documents a test writes. */
import type {
  HealthDocument,
  RecentRequest,
  TracesDocument,
  Upload,
  UploadsDocument,
} from '../../src/view/documents.ts';
import type { TraceMark, ViewSource } from '../../src/view/sources.ts';

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const STARTED_AT = 1_796_000_000_000;

export function fakeUpload(change: Partial<Upload> = {}): Upload {
  return {
    id: 'REQUEST1',
    trace_id: TRACE_ID,
    started_at: STARTED_AT,
    age_seconds: 12.5,
    bucket: 'uploads',
    key: 'photos/a.jpg',
    caller: '9f86d081884c7d65',
    operation: 'PutObject',
    part_number: null,
    upload: null,
    way: 'streamed',
    stage: 'upload',
    size_bytes: 100_000_000,
    received_bytes: 25_000_000,
    bytes_per_second: 2_000_000,
    waiting_for: 'client',
    waiting_seconds: 42,
    deadline: {
      name: 'client idle',
      setting: 'server.body_idle_timeout_seconds',
      elapsed_seconds: 42,
      limit_seconds: 60,
    },
    parts: [{ number: 1, bytes: 8_388_608, age_seconds: 0.2, waiting_for: 'store' }],
    worker: null,
    ...change,
  };
}

export function fakeRequest(change: Partial<RecentRequest> = {}): RecentRequest {
  return {
    id: 'REQUEST0',
    trace_id: TRACE_ID,
    sampled: true,
    has_spans: true,
    started_at: STARTED_AT,
    duration_seconds: 1.5,
    client_wait_seconds: 1,
    store_wait_seconds: 0.4,
    bucket: 'uploads',
    key: 'photos/b.jpg',
    operation: 'PutObject',
    part_number: null,
    upload: null,
    method: 'PUT',
    status: 403,
    bytes: 0,
    outcome: 'not_stored',
    side: 'client',
    error_type: 'access_denied',
    reason: 'denied',
    message: 'The policy does not allow this upload.',
    kept: 'failed',
    worker: null,
    ...change,
  };
}

export const FAKE_HEALTH: HealthDocument = {
  at: STARTED_AT,
  version: '0.1.0',
  started_at: STARTED_AT - 60_000,
  ready: 'ok',
  workers: { running: 2, wanted: 2, failures: 0 },
  services: [
    {
      kind: 'store',
      name: 'uploads',
      target: 'http://127.0.0.1:9000',
      state: 'failing',
      last_success_at: STARTED_AT - 30_000,
      last_error: { at: STARTED_AT - 1_000, type: 'store_unreachable', cause: 'ECONNREFUSED', trace_id: TRACE_ID },
      breaker: 'open',
      latency: [{ at: STARTED_AT - 10_000, calls: 3, failures: 1, mean_seconds: 0.01, max_seconds: 0.02 }],
    },
  ],
  limits: [{ setting: 'upload.memory_limit', unit: 'bytes', limit: 1024, used: 512, waiting: 1 }],
  certificates: [{ use: 'server', expires_at: STARTED_AT + 86_400_000, days_left: 1 }],
  failures: [
    {
      side: 'store',
      error_type: 'store_unreachable',
      reason: null,
      count: 3,
      examples: [
        {
          at: STARTED_AT - 1_000,
          id: 'REQUEST2',
          trace_id: TRACE_ID,
          bucket: 'uploads',
          key: 'photos/c.jpg',
          message: 'The store is unreachable.',
        },
      ],
    },
  ],
};

export class FakeViewSource implements ViewSource {
  current: readonly Upload[] = [fakeUpload()];
  /** All that have ended. */
  readonly ended: RecentRequest[] = [fakeRequest()];
  /** Calls by method. */
  readonly calls: Record<string, number> = {};
  /** Thrown by all methods but `view`. */
  error: Error | undefined;

  view() {
    return { version: '0.1.0', trace_url: null, shows_keys: true, tracing: true };
  }

  async uploads(): Promise<UploadsDocument> {
    this.#count('uploads');
    const { current } = this;
    return { at: STARTED_AT, total: current.length, bytes_per_second: 2_000_000, uploads: current };
  }

  async traces(): Promise<TracesDocument> {
    return { at: STARTED_AT, tracing: true, requests: this.ended.toReversed() };
  }

  async newTraces(mark: TraceMark): Promise<TracesDocument> {
    this.#count('newTraces');
    const requests = this.ended.slice(mark.get(0) ?? 0).toReversed();
    mark.set(0, this.ended.length);
    return { at: STARTED_AT, tracing: true, requests };
  }

  async trace(traceId: string): Promise<string | undefined> {
    this.#count('trace');
    return traceId === TRACE_ID ? '{"resourceSpans":[]}' : undefined;
  }

  async health(): Promise<HealthDocument> {
    this.#count('health');
    return FAKE_HEALTH;
  }

  async config() {
    this.#count('config');
    const setting = { path: 'admin.view', value: 'true', is_set: true, source: 'file' };
    return { file: '/etc/config.yaml', settings: [setting], differs: false, changed: [], problem: null };
  }

  #count(method: string): void {
    this.calls[method] = (this.calls[method] ?? 0) + 1;
    if (this.error !== undefined) throw this.error;
  }
}
