import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { requestGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { PairwiseIds } from '@sluice/vault';
import { Accreditations } from '../store/accreditations.js';
import { agencyOf, GrantCommands } from '../store/grant-commands.js';
import { beginReply } from '../store/view-reply.js';

/** Persons' ids are uuids with the bits of a version and of RFC 9562's variant; seven of eight made-up aliases lead to none. */
const PERSON_ID = /^.{14}[1-8].{4}[89ab]/;

/**
 * The agency names the person by the alias it was given. What no subject id could have become is refused here; whether
 * the person exists is known to the registry alone, and a grant that nobody gives stays a request.
 */
@Controller()
export class RequestGrantController {
  constructor(
    private readonly commands: GrantCommands,
    private readonly accreditations: Accreditations,
    private readonly aliases: PairwiseIds,
  ) {}

  @Endpoint(requestGrant)
  async handle(@Input() input: InputOf<typeof requestGrant>) {
    const agency = agencyOf(input.principal);
    const { subject: alias, ...terms } = input.body;
    const subject = this.aliases.toSubject(agency, alias);
    if (!PERSON_ID.test(subject)) {
      return refuse('validation-failed', [{ path: 'body.subject', rule: 'alias-of-a-person' }]);
    }
    const accreditation = await this.accreditations.of(agency);
    const command = { move: 'request', grant: randomUUID(), subject, proposal: { agency, ...terms } } as const;
    return beginReply(await this.commands.begin(subject, command, accreditation, input));
  }
}
