import { Controller } from '@nestjs/common';
import { readGrant } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { concerns } from '../domain/grant.js';
import { actorFor } from '../store/grant-commands.js';
import { Grants } from '../store/grants.js';
import { viewReply } from '../store/view-reply.js';
import { Viewpoint } from '../store/viewpoint.js';

@Controller()
export class ReadGrantController {
  constructor(
    private readonly grants: Grants,
    private readonly viewpoint: Viewpoint,
    private readonly records: AccessRecords,
  ) {}

  @Endpoint(readGrant)
  async handle(@Input() { params, principal, context }: InputOf<typeof readGrant>) {
    const view = await this.grants.find(params.grant);
    if (view === undefined) return refuse('unknown-grant');
    const { subject, terms } = view;
    if (!concerns(actorFor(principal), { subject, agency: terms.agency })) return refuse('unknown-grant');
    if (principal.kind === 'staff') await this.records.read({ subject, by: context.actor, what: 'grant' }, context);
    return viewReply(this.viewpoint.of(principal, view));
  }
}
