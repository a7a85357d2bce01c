import { Injectable } from '@nestjs/common';
import type { EndpointContract, Principal } from '@sluice/contracts';
import { type Refusal, type RequestContext, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';

/** Lets persons through to what is theirs; that anybody else tried, the person learns. */
@Injectable()
export class OwnHistory {
  constructor(private readonly records: AccessRecords) {}

  /** @throws ProblemException cannot-record */
  async admit(
    { id }: EndpointContract,
    subject: string,
    { principal, context }: { principal: Principal; context: RequestContext },
  ): Promise<Refusal | undefined> {
    if (principal.kind === 'person' && principal.subject === subject) return undefined;
    await this.records.refused({ subject, by: context.actor, endpoint: id, problem: 'not-found' }, context);
    return refuse('not-found');
  }
}
