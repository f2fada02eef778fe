/** Loads OpenTelemetry's SDK, which nothing else does, and sends spans to a collector. */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { ServiceError } from './errors.ts';
import { inTime } from './in-time.ts';
import { MINUTE, SECOND } from './time.ts';
import { VERSION } from './version.ts';

interface Options {
  /** OTEL_EXPORTER_OTLP_ENDPOINT: `http://collector:4318`. */
  readonly endpoint: string;
  readonly role: string;
  readonly log: Logger;
}

const FLUSH_WITHIN = 3 * SECOND;

/**
 * What OpenTelemetry's own variables say (OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER,
 * OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_*) is read by its SDK.
 *
 * @returns sends what is left, and ends.
 * @throws {ServiceError} `CONFIG_INVALID`: the SDK is not installed.
 */
export async function startTracing({ endpoint, role, log }: Options): Promise<() => Promise<void>> {
  const { sdk, exporter, resources } = await loadSdk();
  const provider = new sdk.NodeTracerProvider({
    resource: resources
      .resourceFromAttributes({ 'service.name': `qunfa-${role}`, 'service.version': VERSION })
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [
      new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter({ url: `${endpoint}/v1/traces` })),
    ],
  });
  // The traceparent is carried by hand (tracing.ts), and no baggage of callers is.
  provider.register({ propagator: null });
  diag.setLogger(complaintsTo(log), DiagLogLevel.ERROR);
  return () => inTime(provider.shutdown(), FLUSH_WITHIN).catch(() => undefined);
}

async function loadSdk() {
  try {
    return {
      sdk: await import('@opentelemetry/sdk-trace-node'),
      exporter: await import('@opentelemetry/exporter-trace-otlp-http'),
      resources: await import('@opentelemetry/resources'),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new ServiceError(
      'CONFIG_INVALID',
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry’s SDK is not installed: npm install without --omit=optional',
    );
  }
}

/** A collector that is away is said once a minute; its answer may hold anything, so it is left out. */
function complaintsTo(log: Logger) {
  let last = Number.NEGATIVE_INFINITY;
  const ignore = (): void => undefined;
  return {
    ...{ warn: ignore, info: ignore, debug: ignore, verbose: ignore },
    error(): void {
      if (performance.now() - last < MINUTE) return;
      last = performance.now();
      log.warn({ event: 'traces.not-taken' }, 'OTEL_EXPORTER_OTLP_ENDPOINT does not take spans');
    },
  };
}
