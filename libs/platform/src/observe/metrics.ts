import { Injectable } from '@nestjs/common';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds, from the fastest command to the longest wait a caller may ask for. */
const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Each measurement wakes the process; the library's own 10 ms were most of what an idle service did. The figures of
 * `nodejs_eventloop_lag_*` but the plain one include these milliseconds.
 */
const LOOP_DELAY_EVERY_MS = 100;

let ofProcess: Registry | undefined;

/** Memory, CPU, collections, the loop's delay: measured once, however many services are started in this process. */
function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: LOOP_DELAY_EVERY_MS });
  }
  return ofProcess;
}

/**
 * The service's metrics, served at `/metrics` in Prometheus' text format. Labels are from small closed sets (codes,
 * routes, lanes): a person or a grant in a label is a leak and a flood at once. Asking for a metric of the same name
 * again gives the same one.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  constructor() {
    processMetrics(); // from the start on, not from when they are first asked for
  }

  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return (
      this.known<Counter<L>>(name) ??
      new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] })
    );
  }

  /** `collect` sets the value at the moment it is asked for. */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => void | Promise<void>,
  ): Gauge<L> {
    const known = this.known<Gauge<L>>(name);
    if (known !== undefined) return known;
    const gauge: Gauge<L> = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      ...(collect !== undefined && { collect: () => collect(gauge) }),
    });
    return gauge;
  }

  /** Buckets default to durations in seconds. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets: readonly number[] = DURATION_BUCKETS_S,
  ): Histogram<L> {
    return (
      this.known<Histogram<L>>(name) ??
      new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [this.registry] })
    );
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** All of them and those of the process, as they are now. */
  text(): Promise<string> {
    return Registry.merge([processMetrics(), this.registry]).metrics();
  }

  private known<M>(name: string): M | undefined {
    return this.registry.getSingleMetric(name) as M | undefined;
  }
}
