/**
 * The official SDK behind the domain's face of tracing: TracerProvider, BatchSpanProcessor and the OTLP exporter of the protocol,
 * without compression, as ours has it towards this machine. Spans and attributes are the same as ours, through the same adapter. It has no global context
 * manager: contexts are handed on as spans are, so the SDK does only what the gateway needs of it.
 */

import { Metadata } from '@grpc/grpc-js';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../../src/config/tracing.ts';
import type { RequestTracer } from '../../src/domain/span.ts';
import { throughApi } from '../../src/tracing/api/api-span.ts';
import { createRequestTracer } from '../../src/tracing/instrumentation.ts';

export interface StockTracing {
  readonly tracer: RequestTracer;
  shutdown(): Promise<void>;
}

export function startStockTracing(config: TracingConfig): StockTracing {
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({
      'service.name': config.service_name,
      'deployment.environment.name': config.environment,
      ...config.resource,
    }),
    spanProcessors: [batchProcessor(config)],
  });
  const tracer = provider.getTracer('mizuchi-uploadr');
  const propagator = new W3CTraceContextPropagator();
  return {
    tracer: createRequestTracer(throughApi(tracer, propagator), { conventions: config.semantic_conventions }),
    shutdown: () => provider.shutdown(),
  };
}

function batchProcessor({ otlp, batch }: TracingConfig): SpanProcessor {
  const common = { compression: CompressionAlgorithm.NONE, timeoutMillis: otlp.timeout_seconds * 1000 };
  return new BatchSpanProcessor({
    exporter:
      otlp.protocol === 'grpc'
        ? new GrpcExporter({ ...common, url: otlp.endpoint, metadata: metadataOf(otlp.headers) })
        : new HttpExporter({ ...common, url: `${otlp.endpoint}/v1/traces`, headers: { ...otlp.headers } }),
    maxQueueSize: batch.max_queue_size,
    maxExportBatchSize: batch.max_export_batch_size,
    scheduledDelayMillis: batch.scheduled_delay_millis,
  });
}

function metadataOf(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
