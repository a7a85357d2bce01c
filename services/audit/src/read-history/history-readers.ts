import { Injectable } from '@nestjs/common';
import type { EndpointContract, Principal } from '@sluice/contracts';
import { type Refusal, type RequestContext, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';

/** Lets through who may read of a person what the person may read, and records it either way. */
@Injectable()
export class HistoryReaders {
  constructor(private readonly records: AccessRecords) {}

  /**
   * A refusal, or undefined once the reading is on record as `what`. Not even whether there is such a person is anybody
   * else's business; that somebody asked is theirs.
   * @throws ProblemException cannot-record
   */
  async admit(
    { id }: EndpointContract,
    subject: string,
    what: string,
    { principal, context }: { principal: Principal; context: RequestContext },
  ): Promise<Refusal | undefined> {
    const by = context.actor;
    if (principal.kind === 'person' && principal.subject !== subject) {
      await this.records.refused({ subject, by, endpoint: id, problem: 'not-found' }, context);
      return refuse('not-found');
    }
    await this.records.read({ subject, by, what }, context);
    return undefined;
  }
}
