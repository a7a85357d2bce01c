import { Injectable } from '@nestjs/common';
import type { SanctionReply, suspendAgency } from '@sluice/contracts';
import { type InputOf, isRefusal, type Refusal, type Reply } from '@sluice/platform';
import { AgencyCommands, type Decide } from '../store/agency-commands.js';
import { SanctionWaiters } from '../store/sanction-waiters.js';
import { Sanctions } from '../store/sanctions.js';
import { replyOf } from './sanction-reply.js';

/** What suspension and revocation share: the act is recorded at once, and effective when every lane has been fenced. */
@Injectable()
export class SanctionAgency {
  constructor(
    private readonly commands: AgencyCommands,
    private readonly sanctions: Sanctions,
    private readonly waiters: SanctionWaiters,
  ) {}

  /** Waits as long as the caller prefers for the receipt. */
  async impose(
    act: string,
    agency: string,
    input: InputOf<typeof suspendAgency>,
    decide: Decide,
  ): Promise<Reply<SanctionReply> | Refusal> {
    const acted = await this.commands.administer(act, agency, input, new Date(), decide);
    if (isRefusal(acted)) return acted;
    const { version } = acted;
    const complete = await this.waiters.forReceipt(agency, version, input.preferWaitMs);
    const sanction = complete ?? (await this.sanctions.find(agency, version));
    if (sanction === undefined) throw new Error('a sanction was acknowledged that is not recorded');
    return replyOf(sanction);
  }
}
