import { Controller } from '@nestjs/common';
import { listGrants, uuid } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { actorFor } from '../store/grant-commands.js';
import { Grants } from '../store/grants.js';
import { Viewpoint } from '../store/viewpoint.js';

/** One more than the page: whether there is a next one. */
const BEYOND = 1;

@Controller()
export class ListGrantsController {
  constructor(
    private readonly grants: Grants,
    private readonly viewpoint: Viewpoint,
  ) {}

  @Endpoint(listGrants)
  async handle(@Input() { query, principal }: InputOf<typeof listGrants>) {
    const of = actorFor(principal);
    if (of.kind !== 'person' && of.kind !== 'agency') return refuse('not-allowed');
    const { state, cursor: below, limit } = query;
    if (below !== undefined && !uuid.safeParse(below).success) {
      return refuse('validation-failed', [{ path: 'query.cursor', rule: 'cursor-of-a-list' }]);
    }
    const found = await this.grants.list({ of, state, below, limit: limit + BEYOND });
    const page = found.slice(0, limit);
    const grants = page.map((view) => this.viewpoint.of(principal, view));
    return { grants, ...(found.length > limit && { next: page.at(-1)!.grant }) };
  }
}
