import { Controller } from '@nestjs/common';
import { type GrantAsOf, type ProblemCode, readGrantsAsOf } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, isRefusal, lookingBack, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { PairwiseIds } from '@sluice/vault';
import { viewOf } from '../domain/grant.js';
import type { PastGrant } from '../domain/grants-as-of.js';
import { PastGrants } from './past-grants.js';

type AsOfInput = InputOf<typeof readGrantsAsOf>;

@Controller()
export class ReadGrantsAsOfController {
  constructor(
    private readonly past: PastGrants,
    private readonly aliases: PairwiseIds,
    private readonly records: AccessRecords,
  ) {}

  @Endpoint(readGrantsAsOf)
  async handle(@Input() input: AsOfInput) {
    const { principal, params, query, context } = input;
    const at = lookingBack(query.at);
    if (isRefusal(at)) return at;
    const subject =
      principal.kind === 'agency' ? this.aliases.toSubject(principal.agency, params.subject) : params.subject;
    const refused = refusalOf(input);
    if (refused !== undefined) {
      await this.records.refused(
        { subject, by: context.actor, endpoint: readGrantsAsOf.id, problem: refused },
        context,
      );
      return refuse(refused);
    }
    const agency = principal.kind === 'agency' ? principal.agency : query.agency;
    await this.records.read({ subject, by: context.actor, what: `grants as of ${at.toISOString()}` }, context);
    const grants = await this.past.of(subject, at);
    return {
      subject: params.subject,
      at: at.toISOString(),
      grants: grants.filter(({ grant }) => agency === undefined || grant.terms.agency === agency).map(shown),
    };
  }
}

/** A person looks back at themselves, an agency at its own grants; what belongs to others is none of their business. */
function refusalOf({ principal, params, query }: AsOfInput): ProblemCode | undefined {
  if (principal.kind === 'person' && principal.subject !== params.subject) return 'unknown-subject';
  const foreign = principal.kind === 'agency' && query.agency !== undefined && query.agency !== principal.agency;
  return foreign ? 'not-allowed' : undefined;
}

function shown({ grant, since }: PastGrant): GrantAsOf {
  const { subject: _, ...view } = viewOf(grant);
  return { ...view, since: since.toISOString(), fenced: grant.unfenced.length === 0 };
}
