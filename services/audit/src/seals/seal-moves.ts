import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  type BodyOf,
  type draftSeal,
  type EndpointContract,
  SEAL_APPROVED,
  SEAL_LIFTED,
  SEAL_REFUSED,
  type SealView,
} from '@sluice/contracts';
import { isRefusal, type Refusal, type Reply, refuse } from '@sluice/platform';
import type { FileEvent } from '../domain/person-file/person-file.js';
import { draft, moveSeal, type SealMove } from '../domain/person-file/seal.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { type CommandInput, PersonFiles } from '../store/person-files.js';
import { SealOrders } from './seal-orders.js';

interface MoveInput extends CommandInput {
  readonly ifMatch: number | undefined;
}

/** What staff do with seal orders; each act is recorded with who did it. */
@Injectable()
export class SealMoves {
  constructor(
    private readonly files: PersonFiles,
    private readonly orders: SealOrders,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
  ) {}

  async draft(
    endpoint: EndpointContract,
    terms: BodyOf<typeof draftSeal>,
    input: CommandInput,
  ): Promise<Reply<SealView> | Refusal> {
    const seal = randomUUID();
    const now = this.#now();
    const by = input.context.actor;
    const view: SealView = {
      seal,
      version: 1,
      state: 'drafted',
      ...terms,
      draftedBy: by,
      draftedAt: now.toISOString(),
    };
    const reply = await this.files.administer(
      {
        subject: terms.subject,
        decide: () => draft({ seal, ...terms }, by, now),
        reply: () => view,
        effects: (event) => SealOrders.saving(event, now),
      },
      endpoint.id,
      `seal:${seal}`,
      input,
    );
    return isRefusal(reply) ? reply : { body: reply, version: 1, location: `/seals/${reply.seal}` };
  }

  async make(
    endpoint: EndpointContract,
    seal: string,
    move: SealMove,
    input: MoveInput,
  ): Promise<Reply<SealView> | Refusal> {
    const before = await this.orders.find(seal);
    if (before === undefined) return refuse('unknown-seal');
    const now = this.#now();
    const reply = await this.files.administer(
      {
        subject: before.subject,
        decide: (file) => moveSeal(file, seal, move, { now, ifMatch: input.ifMatch }),
        reply: (event) => after(before, event),
        effects: (event) => SealOrders.saving(event, now),
      },
      endpoint.id,
      `seal:${seal}`,
      input,
    );
    return isRefusal(reply) ? reply : { body: reply, version: reply.version };
  }

  #now(): Date {
    return this.scope.now?.() ?? new Date();
  }
}

function after(before: SealView, event: FileEvent): SealView {
  switch (event.type) {
    case SEAL_APPROVED: {
      const { by: approvedBy, at: sealedFrom, sealVersion: version } = event.data;
      return { ...before, version, state: 'sealed', approvedBy, sealedFrom };
    }
    case SEAL_REFUSED:
      return { ...before, version: event.data.sealVersion, state: 'refused', reason: event.data.reason };
    case SEAL_LIFTED: {
      const { sealVersion: version, liftedAt, reason } = event.data;
      return { ...before, version, state: 'lifted', liftedAt, ...(reason !== undefined && { reason }) };
    }
    default:
      throw new TypeError(`a seal does not move by ${event.type}`);
  }
}
