/** A gateway with any number of uploads in flight that never end: the source of a view, without sockets and time. */
import type {
  ConfigDocument,
  HealthDocument,
  LatencyPoint,
  RecentRequest,
  Service,
  TracesDocument,
  Upload,
  UploadsDocument,
  WaitingFor,
} from '../../../src/view/documents.ts';
import type { TraceMark, ViewSource } from '../../../src/view/sources.ts';
import { fakeTrace, traceIdOf } from './fake-trace.ts';

const MIB = 1024 ** 2;
const WAITS: readonly WaitingFor[] = [
  null,
  'client',
  null,
  'store',
  'policy',
  null,
  'memory',
  'connection',
  null,
  null,
];
const WAYS = ['streamed', 'pumped', 'split', 'spliced', 'collected'] as const;

export class FakeGateway implements ViewSource {
  readonly #begin = Date.now();
  /** Names of objects, by the number of the upload. */
  readonly keys: string[] = [];
  count: number;

  constructor(count: number) {
    this.count = count;
  }

  view() {
    return { version: '0.1.0', trace_url: 'https://jaeger.example/trace/{trace_id}', shows_keys: true, tracing: true };
  }

  async uploads(): Promise<UploadsDocument> {
    const at = Date.now();
    const uploads = Array.from({ length: this.count }, (_, index) => this.#upload(index, at));
    const rate = uploads.reduce((sum, { bytes_per_second }) => sum + bytes_per_second, 0);
    return { at, total: this.count, bytes_per_second: rate, uploads };
  }

  async traces(): Promise<TracesDocument> {
    return { at: Date.now(), tracing: true, requests: Array.from({ length: 500 }, (_, index) => this.#request(index)) };
  }

  async newTraces(mark: TraceMark): Promise<TracesDocument> {
    const isFirst = mark.size === 0;
    mark.set(0, 500);
    return isFirst ? this.traces() : { at: Date.now(), tracing: true, requests: [] };
  }

  async trace(traceId: string): Promise<string | undefined> {
    return fakeTrace(traceId, this.#begin, this.keys[0]);
  }

  async health(): Promise<HealthDocument> {
    const at = Date.now();
    return {
      at,
      version: '0.1.0',
      started_at: this.#begin - 7_512_000,
      ready: 'ok',
      workers: { running: 4, wanted: 4, failures: 1 },
      services: servicesAt(at),
      limits: [
        { setting: 'upload.part_memory_bytes', unit: 'bytes', limit: 512 * MIB, used: 391 * MIB, waiting: 2 },
        { setting: 'upload.concurrent_uploads', unit: 'items', limit: 1024, used: this.count, waiting: null },
        { setting: 'server.max_connections', unit: 'items', limit: 4096, used: 212, waiting: null },
      ],
      certificates: [
        { use: 'server', expires_at: at + 61 * 86_400_000, days_left: 61.2 },
        { use: 'client_ca', expires_at: at + 9 * 86_400_000, days_left: 9.4 },
      ],
      failures: [
        {
          side: 'store',
          error_type: 'store_unreachable',
          reason: 'connection_refused',
          count: 12,
          examples: [1, 2].map((index) =>
            exampleAt(at, index, 'The store at https://s3.example refused the connection.'),
          ),
        },
        {
          side: 'client',
          error_type: 'client_aborted',
          reason: null,
          count: 3,
          examples: [exampleAt(at, 3, 'The client disconnected after 12 of 64 MiB.')],
        },
      ],
    };
  }

  async config(): Promise<ConfigDocument> {
    const set = ['server.address', 'admin.view', 'buckets[0].name', 'buckets[0].s3.endpoint', 'tracing.otlp.endpoint'];
    return {
      file: '/etc/mizuchi-uploadr/config.yaml',
      differs: true,
      changed: ['upload.part_memory_bytes'],
      problem: null,
      settings: [
        ...set.map((path) => ({ path, value: 'true', is_set: true, source: 'file' })),
        { path: 'buckets[0].s3.secret_key', value: '"***"', is_set: true, source: 'MIZUCHI_SECRET_KEY' },
        { path: 'upload.part_memory_bytes', value: '536870912', is_set: false, source: 'default' },
      ],
    };
  }

  #upload(index: number, at: number): Upload {
    const waiting = WAITS[index % WAITS.length]!;
    const age = 4 + ((index * 37) % 290) + (at - this.#begin) / 1000;
    const size = (8 + ((index * 53) % 900)) * MIB;
    const isPart = index % 9 === 4 || index % 9 === 5;
    const rate = waiting === 'client' || waiting === 'policy' ? 0 : (0.4 + ((index * 7) % 23)) * MIB;
    return {
      id: `REQUEST${index}`,
      trace_id: traceIdOf(index),
      started_at: at - age * 1000,
      age_seconds: age,
      bucket: index % 3 === 0 ? 'backups' : 'uploads',
      key:
        this.keys[index] ??
        (isPart ? `video/session-${Math.floor(index / 9)}.mp4` : `camera/2026-11-30/frame-${index}.raw`),
      caller: `9f86d0${(index % 17).toString(16).padStart(2, '0')}84c7d65`,
      operation: isPart ? 'UploadPart' : 'PutObject',
      part_number: isPart ? (index % 9) - 3 : null,
      upload: isPart ? `upload-${Math.floor(index / 9)}` : null,
      way: WAYS[index % WAYS.length]!,
      stage: waiting === 'policy' ? 'authorization' : 'upload',
      size_bytes: index % 31 === 30 ? null : size,
      received_bytes: Math.min(
        size,
        Math.floor(size * (((index * 29) % 90) / 100) + (rate * (at - this.#begin)) / 1000),
      ),
      bytes_per_second: rate,
      waiting_for: waiting,
      waiting_seconds: waiting === null ? null : age / 3,
      deadline: deadlineOf(waiting, age),
      parts: index % 5 === 2 && !isPart ? [partAt(1, 'store'), partAt(2, 'connection')] : [],
      worker: 1 + (index % 4),
    };
  }

  #request(index: number): RecentRequest {
    const isFailed = index % 6 === 2;
    const isStore = index % 12 === 2;
    const duration = 0.2 + ((index * 13) % 50) / 10;
    return {
      id: `ENDED${index}`,
      trace_id: traceIdOf(index),
      sampled: index % 4 !== 1,
      has_spans: index % 25 !== 24,
      started_at: this.#begin - index * 3_100,
      duration_seconds: duration,
      client_wait_seconds: duration * 0.55,
      store_wait_seconds: duration * 0.25,
      bucket: index % 3 === 0 ? 'backups' : 'uploads',
      key: this.keys[index] ?? `camera/2026-11-30/frame-${index}.raw`,
      operation: index % 7 === 3 ? 'UploadPart' : 'PutObject',
      part_number: index % 7 === 3 ? 3 : null,
      upload: null,
      method: 'PUT',
      status: isFailed ? (isStore ? 503 : 403) : 200,
      bytes: (index * 7919 * 1024) % (700 * MIB),
      outcome: isFailed ? 'not_stored' : 'stored',
      side: isFailed ? (isStore ? 'store' : 'client') : null,
      error_type: isFailed ? (isStore ? 'store_unreachable' : 'access_denied') : null,
      reason: isFailed ? (isStore ? 'connection_refused' : 'denied') : null,
      message: isFailed ? 'The policy does not allow this upload.' : null,
      kept: isFailed ? 'failed' : index % 20 === 7 ? 'slow' : 'recent',
      worker: 1 + (index % 4),
    };
  }
}

const partAt = (number: number, waiting_for: 'store' | 'connection') => ({
  number,
  bytes: 8 * MIB,
  age_seconds: 1.2 * number,
  waiting_for,
});

function deadlineOf(waiting: WaitingFor, age: number): Upload['deadline'] {
  const elapsed_seconds = (age / 3) % 60;
  if (waiting === 'client')
    return { name: 'client idle', setting: 'server.body_idle_timeout_seconds', elapsed_seconds, limit_seconds: 60 };
  if (waiting === 'store')
    return { name: 'store response', setting: 's3.response_timeout_seconds', elapsed_seconds, limit_seconds: 120 };
  return null;
}

const exampleAt = (now: number, index: number, message: string) => ({
  at: now - index * 44_000,
  id: `FAILED${index}`,
  trace_id: traceIdOf(index),
  bucket: 'uploads',
  key: `camera/2026-11-30/frame-${index}.raw`,
  message,
});

function servicesAt(at: number): Service[] {
  const ok = { state: 'ok', last_success_at: at - 2_000, last_error: null, breaker: 'closed' } as const;
  const error = { at: at - 8_000, type: 'store_unreachable', cause: 'ECONNREFUSED', trace_id: traceIdOf(2) };
  return [
    {
      ...ok,
      kind: 'store',
      name: 'uploads',
      target: 'https://s3.eu-central-1.example',
      latency: latencyAt(at, 0.08, 0),
    },
    {
      ...ok,
      kind: 'store',
      name: 'backups',
      target: 'https://minio.internal:9000',
      state: 'failing',
      last_error: error,
      breaker: 'open',
      latency: latencyAt(at, 0.4, 9),
    },
    {
      ...ok,
      kind: 'identity',
      name: 'https://login.example',
      target: 'https://login.example',
      latency: latencyAt(at, 0.03, 0),
    },
    {
      ...ok,
      kind: 'policy',
      name: 'OPA of uploads',
      target: 'http://127.0.0.1:8181',
      latency: latencyAt(at, 0.002, 0),
    },
    {
      ...ok,
      kind: 'collector',
      name: 'traces',
      target: 'http://127.0.0.1:4318',
      state: 'unused',
      last_success_at: null,
      breaker: null,
      latency: [],
    },
  ];
}

const latencyAt = (now: number, mean: number, failing: number): LatencyPoint[] =>
  Array.from({ length: 80 }, (_, index) => {
    const mean_seconds = mean * (1 + 0.5 * Math.sin(index / 5) + ((index * 7) % 5) / 10);
    const failures = index > 79 - failing ? 2 : 0;
    return {
      at: now - (80 - index) * 10_000,
      calls: 20,
      failures,
      mean_seconds,
      max_seconds: mean_seconds * (1.4 + (index % 4) / 4),
    };
  });
