import { randomUUID } from 'node:crypto';
import type { OnApplicationBootstrap } from '@nestjs/common';
import {
  ACCESS_ADMINISTERED,
  type AccessEventData,
  JSON_CONTENT,
  type RebuildEndpoints,
  type RebuildView,
  type ReplyOf,
  type ServiceName,
} from '@sluice/contracts';
import {
  type Command,
  type EventContext,
  EventStore,
  EventStoreError,
  estimatedRows,
  REBUILD_MOVES,
  type ReadModel,
  type Rebuild,
  RebuildHost,
  Rebuilds,
  type SqlEffect,
} from '@sluice/event-store';
import { Pool } from 'pg';
import { SHUTDOWN_ORDER, Shutdown } from '../bootstrap/shutdown.js';
import type { ServiceConfig } from '../config/service-config.js';
import type { InputOf } from '../http/input.js';
import { ProblemException } from '../http/problem-exception.js';
import { type Refusal, refuse } from '../http/refusal.js';
import type { Logger } from '../observe/logger.js';
import type { Metrics } from '../observe/metrics.js';

const LISTED = 50;

export interface RebuildingOptions {
  service: ServiceName;
  models: readonly ReadModel[];
  pool: Pool;
  events: EventStore;
  config: ServiceConfig;
  logger: Logger;
  metrics: Metrics;
  shutdown: Shutdown;
}

type Act = Pick<AccessEventData<typeof ACCESS_ADMINISTERED>, 'act' | 'target'>;

/** Rebuilds of one service's read models: what operators ask for, each act recorded with its effect, and who runs them. */
export class Rebuilding implements OnApplicationBootstrap {
  readonly #rebuilds: Rebuilds;
  readonly #host: RebuildHost;

  constructor(private readonly options: RebuildingOptions) {
    const { service, pool, models, config, logger, metrics, shutdown } = options;
    this.#rebuilds = new Rebuilds(pool, service);
    const failures = metrics.counter('sluice_rebuild_failures_total', 'Failed attempts at a rebuild');
    this.#host = new RebuildHost({
      databaseUrl: config.databaseUrl,
      schema: service,
      instance: config.instance,
      models,
      failed: (err) => {
        failures.inc();
        logger.warn({ err }, 'a rebuild failed');
      },
      finish: (rebuild, effect, how) => this.#finish(rebuild, effect, how),
    });
    shutdown.onShutdown('rebuilds', () => this.#host.stop(), SHUTDOWN_ORDER.workers);
  }

  onApplicationBootstrap(): void {
    this.#host.start();
  }

  readModels(): ReplyOf<RebuildEndpoints['readModels']> {
    return { readModels: this.options.models.map(({ name, source }) => ({ readModel: name, source })) };
  }

  async plan(input: InputOf<RebuildEndpoints['plan']>): Promise<RebuildView | Refusal> {
    const { readModel, rate } = input.body;
    const { pool, service, models } = this.options;
    const model = models.find(({ name }) => name === readModel);
    if (model === undefined) return refuse('not-found');
    const [events, rows] = await Promise.all([model.extent(pool), estimatedRows(pool, service, readModel)]);
    const id = randomUUID();
    const plan = { id, readModel, rate, extent: { events, rows }, plannedBy: input.context.actor };
    return await this.#act(
      input,
      id,
      { act: 'plan-rebuild', target: this.#target(plan) },
      this.#rebuilds.planning(plan),
    );
  }

  async move(input: InputOf<RebuildEndpoints['move']>): Promise<RebuildView | Refusal> {
    const { move, swap, rate } = input.body;
    const rebuild = await this.#rebuilds.find(input.params.rebuild);
    if (rebuild === undefined) return refuse('not-found');
    const { from, to } = REBUILD_MOVES[move];
    if (rebuild.state !== to || move === 'run') {
      const possible = (from as readonly string[]).includes(rebuild.state);
      const taken = move === 'run' && rebuild.state === 'planned' && (await this.#rebuilds.isOpen(rebuild.readModel));
      if (!possible || taken) return refuse('wrong-state');
    }
    const act = { act: `${move}-rebuild`, target: `${this.#target(rebuild)}${swap === true ? ', swapping' : ''}` };
    const moved = await this.#act(input, rebuild.id, act, this.#rebuilds.moving(rebuild.id, move, { swap, rate }));
    this.#host.nudge();
    return moved;
  }

  async list(): Promise<ReplyOf<RebuildEndpoints['list']>> {
    return { rebuilds: (await this.#rebuilds.list(LISTED)).map(viewOf) };
  }

  async read(id: string): Promise<RebuildView | Refusal> {
    const rebuild = await this.#rebuilds.find(id);
    return rebuild === undefined ? refuse('not-found') : viewOf(rebuild);
  }

  async differences(id: string, limit: number): Promise<ReplyOf<RebuildEndpoints['differences']> | Refusal> {
    if ((await this.#rebuilds.find(id)) === undefined) return refuse('not-found');
    const differences = await this.#rebuilds.differences(id, limit);
    return { differences: differences.map((one) => ({ ...one, key: [...one.key] })) };
  }

  #target({ id, readModel }: Pick<Rebuild, 'id' | 'readModel'>): string {
    return `${this.options.service}.${readModel} ${id}`;
  }

  /** An act and its record, in one transaction; a repeated request does nothing again. */
  async #act(
    input: { context: EventContext; idempotencyKey: string; requestDigest: Buffer },
    id: string,
    act: Act,
    effect: SqlEffect,
  ): Promise<RebuildView | Refusal> {
    const { idempotencyKey: key, requestDigest } = input;
    const idempotency = { key, requestDigest };
    const executed = await this.#record({ ...recordOf(input.context, act, id, effect), idempotency });
    switch (executed.kind) {
      case 'done':
        return await this.read(executed.reply);
      case 'idempotency-mismatch':
        return refuse('idempotency-mismatch');
      case 'constraint':
        // Another rebuild of the same table was run at this very moment.
        return refuse('wrong-state');
      case 'event-too-large':
        throw new Error('a record of a rebuild is larger than an event may be');
    }
  }

  async #record(command: Command<string>) {
    try {
      return await this.options.events.execute(command);
    } catch (error) {
      if (!(error instanceof EventStoreError)) throw error;
      throw new ProblemException('cannot-record');
    }
  }

  async #finish(rebuild: Rebuild, effect: SqlEffect, how: string): Promise<void> {
    const context = { actor: `service:${this.options.service}`, correlationId: rebuild.id };
    const act = { act: `rebuild-${how}`, target: this.#target(rebuild) };
    await this.options.events.execute(recordOf(context, act, rebuild.id, effect));
  }
}

function recordOf(context: EventContext, { act, target }: Act, reply: string, effect: SqlEffect): Command<string> {
  const data: AccessEventData<typeof ACCESS_ADMINISTERED> = { by: context.actor, act, target };
  return {
    stream: randomUUID(),
    context,
    decide: () => ({
      kind: 'append',
      events: [{ type: ACCESS_ADMINISTERED, contentType: JSON_CONTENT, payload: Buffer.from(JSON.stringify(data)) }],
      state: Buffer.alloc(0),
      reply,
      effects: [effect],
    }),
  };
}

function viewOf(rebuild: Rebuild): RebuildView {
  const { id, readModel, state, phase, swap, rate, extent, events, rowsCompared, differences, failure } = rebuild;
  return {
    rebuild: id,
    readModel,
    state,
    phase,
    swap,
    rate,
    extent,
    progress: { events, rows: rowsCompared },
    differences,
    plannedBy: rebuild.plannedBy,
    plannedAt: rebuild.plannedAt.toISOString(),
    ...(rebuild.finishedAt !== undefined && { finishedAt: rebuild.finishedAt.toISOString() }),
    ...(failure !== undefined && { failure }),
  };
}
