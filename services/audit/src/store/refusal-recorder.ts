import { Injectable } from '@nestjs/common';
import { type RecordedRefusal, type RefusalRecorder, Refusals } from '@sluice/platform';
import { AccessRecords } from './access-records.js';

/** Requests refused for who made them, as records of access.events. */
@Injectable()
export class RecordRefusals implements RefusalRecorder {
  constructor(
    private readonly records: AccessRecords,
    refusals: Refusals,
  ) {
    refusals.recordWith(this);
  }

  async record({ actor, endpoint, code, correlationId, traceparent }: RecordedRefusal): Promise<void> {
    const context = { actor, correlationId, ...(traceparent !== undefined && { traceparent }) };
    await this.records.refused({ by: actor, endpoint: endpoint ?? 'none', problem: code }, context);
  }
}
