import { Controller } from '@nestjs/common';
import { LANES, tryPolicy } from '@sluice/contracts';
import { unknownAgencies } from '@sluice/decision';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { AccreditationHistory } from './accreditation-history.js';
import { LedgerHistory } from './ledger-history.js';
import { PolicyTrial } from './policy-trial.js';

const CURSOR = /^([0-9])\.(\d{1,15})$/;

@Controller()
export class TryPolicyController {
  constructor(
    private readonly trial: PolicyTrial,
    private readonly ledger: LedgerHistory,
    private readonly history: AccreditationHistory,
    private readonly records: AccessRecords,
  ) {}

  @Endpoint(tryPolicy)
  async handle(@Input() { body, context }: InputOf<typeof tryPolicy>) {
    const { proposal, next } = body;
    const from = body.from === undefined ? undefined : new Date(body.from);
    const to = body.to === undefined ? new Date() : new Date(body.to);
    if (from !== undefined && from >= to)
      return refuse('validation-failed', [{ path: 'body.from', rule: 'before-to' }]);
    const place = next === undefined ? await this.#beginning(0, from) : placeOf(next);
    if (place === undefined) return refuse('validation-failed', [{ path: 'body.next', rule: 'cursor' }]);
    const unknown = unknownAgencies(proposal.changes, await this.history.before(await this.ledger.vettingOffset()));
    if (unknown.length > 0) return refuse('validation-failed', unknown);
    const range = `${from?.toISOString() ?? 'the beginning'} to ${to.toISOString()}`;
    const target = `policy "${proposal.title}", ${range}, from ${place.partition}.${place.after}`;
    await this.records.administered({ act: tryPolicy.id, target }, context);

    const { partition, after } = place;
    const { tally, batches, sequence, finished } = await this.trial.part(
      { partition, after, from, to },
      proposal.changes,
    );
    const onwards = finished ? await this.#beginning(partition + 1, from) : { partition, after: sequence };
    return {
      partition,
      batches,
      ...tally.reply(),
      position: { sequence, last: await this.ledger.last(partition) },
      ...(onwards.partition < LANES && { next: `${onwards.partition}.${onwards.after}` }),
    };
  }

  async #beginning(partition: number, from: Date | undefined): Promise<{ partition: number; after: number }> {
    if (from === undefined || partition >= LANES) return { partition, after: 0 };
    return { partition, after: await this.ledger.lastBefore(partition, from) };
  }
}

/** Undefined for what is no cursor of ours. */
function placeOf(text: string): { partition: number; after: number } | undefined {
  const [, partition, after] = CURSOR.exec(text) ?? [];
  if (partition === undefined || Number(partition) >= LANES) return undefined;
  return { partition: Number(partition), after: Number(after) };
}
