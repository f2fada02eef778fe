/**
 * Traces, by OpenTelemetry's API alone: without an SDK (start-tracing.ts) each of these does next to nothing.
 *
 * A trace goes from process to process as W3C's traceparent: in a request's header, with the campaign, and in
 * a job's options, where BullMQ's own package for OpenTelemetry (bullmq-otel) puts it too. Attributes are ids
 * and codes; no address with its query, no text, no OpenID, no message of an error.
 */
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

const NAME = 'qunfa';

export interface SpanOptions {
  readonly name: string;
  readonly kind: 'server' | 'consumer';
  /** A traceparent; without one that can be read, a new trace begins. */
  readonly parent?: string | null | undefined;
  readonly attributes?: Attributes;
}

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER } as const;

/** Whether an SDK takes spans: this program's, or one that was loaded before it (`node --import`). */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider();
  if (!(provider instanceof ProxyTracerProvider)) return true;
  return provider.getDelegateTracer(NAME) !== undefined;
}

/** Of the span that is under way here; undefined where none is. */
export const traceId = (): string | undefined => trace.getActiveSpan()?.spanContext().traceId;

/** For whoever goes on with this work; undefined where no span is under way. */
export function traceparent(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span || !isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

/** Does the work in a span of its own, which ends with it. */
export async function inSpan<T>(options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const span = begin(options);
  try {
    return await context.with(trace.setSpan(context.active(), span), work);
  } catch (error) {
    failed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** The same for work that says by itself when it is over. */
export function withSpan(options: SpanOptions, work: (span: Span) => void): void {
  const span = begin(options);
  context.with(trace.setSpan(context.active(), span), () => work(span));
}

/** A call that has just ended, where a span is under way. */
export function noteCall(name: string, ms: number, attributes: Attributes): void {
  if (!trace.getActiveSpan()) return;
  const startTime = Date.now() - ms;
  trace.getTracer(NAME).startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes }).end();
}

function begin({ name, kind, parent, attributes = {} }: SpanOptions): Span {
  const options = { kind: KINDS[kind], attributes };
  return trace.getTracer(NAME).startSpan(name, options, parentOf(parent));
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

function parentOf(parent: string | null | undefined): Context {
  const [, id, spanId, flags] = TRACEPARENT.exec(parent ?? '') ?? [];
  if (!id || !spanId || !flags) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & 1;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId: id, spanId, traceFlags, isRemote: true });
}

/** By its name and code: a message may hold what must not leave. */
function failed(span: Span, error: unknown): void {
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  span.setAttribute('error.type', String(code ?? name ?? 'unknown'));
  span.setStatus({ code: SpanStatusCode.ERROR });
}
