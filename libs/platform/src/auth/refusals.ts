import { Inject, Injectable } from '@nestjs/common';
import { actorOf, type ProblemCode } from '@sluice/contracts';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { LOGGER, type Logger } from '../observe/logger.js';
import { Metrics } from '../observe/metrics.js';
import { traceparentOf } from '../observe/trace-context.js';

/** One refused request (401 or 403), for the access history. Holds no address, header or value of the request. */
export interface RecordedRefusal {
  readonly code: ProblemCode;
  /** The contract's id. */
  readonly endpoint: string;
  /** `person:…`, `agency:…`, `staff:…`, or `anonymous` where no token was accepted. */
  readonly actor: string;
  readonly correlationId: string;
  readonly traceparent: string | undefined;
  readonly occurredAt: Date;
  /** How many refusals of the same actor were left out since the last one recorded. */
  readonly leftOut: number;
}

/** What a service implements to record refusals as `sluice.access.refused.v1`. A failure is logged and changes no answer. */
export interface RefusalRecorder {
  record(refusal: RecordedRefusal): Promise<void> | void;
}

/** Of each actor this many refusals a minute are recorded one by one; the rest only counted, so that a flood of refusals cannot become a flood of writes. */
const RECORDED_PER_ACTOR_PER_MINUTE = 10;
/** And of all actors together this many: forged actors cannot be invented (they need a token), but many may err at once. */
const RECORDED_PER_MINUTE = 600;
const WINDOW_MS = 60_000;
const WATCHED_ACTORS = 10_000;
/** The bucket of all actors; no actor has this name. */
const EVERYBODY = '';

interface Window {
  startedAt: number;
  recorded: number;
  leftOut: number;
}

/** Passes refused requests to the service's recorder, at a bounded rate. A service registers its recorder at its start. */
@Injectable()
export class Refusals {
  private recorder: RefusalRecorder | undefined;
  private readonly windows = new LRUCache<string, Window>({ max: WATCHED_ACTORS });
  private readonly refused;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.refused = metrics.counter('sluice_refused_total', 'Requests answered 401 or 403', ['code']);
  }

  recordWith(recorder: RefusalRecorder): void {
    this.recorder = recorder;
  }

  /** Called for every 401 and 403; returns at once. */
  note(code: ProblemCode, request: FastifyRequest): void {
    this.refused.inc({ code });
    if (this.recorder === undefined) return;
    const { principal, endpoint, trace } = request.state;
    const actor = principal === undefined ? 'anonymous' : actorOf(principal);
    const occurredAt = new Date();
    const window = this.windowOf(actor, occurredAt.getTime());
    const everybody = this.windowOf(EVERYBODY, occurredAt.getTime());
    if (window.recorded >= RECORDED_PER_ACTOR_PER_MINUTE || everybody.recorded >= RECORDED_PER_MINUTE) {
      window.leftOut++;
      return;
    }
    window.recorded++;
    everybody.recorded++;
    const { leftOut } = window;
    window.leftOut = 0;
    this.pass({
      code,
      endpoint: endpoint?.id ?? 'none',
      actor,
      correlationId: request.id,
      traceparent: traceparentOf(trace),
      occurredAt,
      leftOut,
    });
  }

  private windowOf(actor: string, now: number): Window {
    const current = this.windows.get(actor);
    if (current !== undefined && now - current.startedAt < WINDOW_MS) return current;
    const next = { startedAt: now, recorded: 0, leftOut: current?.leftOut ?? 0 };
    this.windows.set(actor, next);
    return next;
  }

  private pass(refusal: RecordedRefusal): void {
    Promise.resolve()
      .then(() => this.recorder?.record(refusal))
      .catch((err: unknown) => this.logger.error({ err }, 'a refusal could not be recorded'));
  }
}
