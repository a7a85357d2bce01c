import { Controller } from '@nestjs/common';
import { readSanction } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { replyOf } from '../sanction/sanction-reply.js';
import { Agencies } from '../store/agencies.js';
import { SanctionWaiters } from '../store/sanction-waiters.js';
import { Sanctions } from '../store/sanctions.js';

@Controller()
export class ReadSanctionController {
  constructor(
    private readonly agencies: Agencies,
    private readonly sanctions: Sanctions,
    private readonly waiters: SanctionWaiters,
  ) {}

  @Endpoint(readSanction)
  async handle(@Input() input: InputOf<typeof readSanction>) {
    const { params, principal, preferWaitMs } = input;
    if (principal.kind === 'agency' && principal.agency !== params.agency) return refuse('not-allowed');
    const last = await this.sanctions.last(params.agency);
    if (last === undefined) {
      const known = await this.agencies.find(params.agency);
      return refuse(known === undefined ? 'unknown-agency' : 'wrong-state');
    }
    if (last.receipt !== undefined) return replyOf(last);
    return replyOf((await this.waiters.forReceipt(last.agency, last.version, preferWaitMs)) ?? last);
  }
}
