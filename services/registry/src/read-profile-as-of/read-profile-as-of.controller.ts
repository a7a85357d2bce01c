import { Controller } from '@nestjs/common';
import { type ReplyOf, readProfileAsOf } from '@sluice/contracts';
import { type Answer, Endpoint, Input, type InputOf, isRefusal, lookingBack, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { isStale } from '../domain/profile.js';
import type { PastProfile } from '../domain/profile-as-of.js';
import { PastSubjects } from '../store/past-subjects.js';

type Reply = ReplyOf<typeof readProfileAsOf>;

@Controller()
export class ReadProfileAsOfController {
  constructor(
    private readonly past: PastSubjects,
    private readonly accesses: AccessRecords,
  ) {}

  @Endpoint(readProfileAsOf)
  async read(@Input() { params, query, principal, context }: InputOf<typeof readProfileAsOf>): Promise<Answer<Reply>> {
    const { subject } = params;
    const at = lookingBack(query.at);
    if (isRefusal(at)) return at;
    const own = principal.kind === 'person';
    if (own && principal.subject !== subject) {
      const refusal = { subject, by: context.actor, endpoint: readProfileAsOf.id, problem: 'unknown-subject' };
      await this.accesses.refused(refusal, context);
      return refuse('unknown-subject');
    }
    const profile = await this.past.profile(subject, at, own);
    if (profile === undefined) return refuse('unknown-subject');
    // What cannot be put on record is not shown.
    const what = `${own ? 'profile' : 'codes of the profile'} as of ${at.toISOString()}`;
    await this.accesses.read({ subject, by: context.actor, what, attributes: [...profile.attributes.keys()] }, context);
    return { subject, at: at.toISOString(), version: profile.version, attributes: shown(profile, at, own) };
  }
}

function shown({ attributes }: PastProfile, at: Date, own: boolean): Reply['attributes'] {
  return Object.fromEntries(
    [...attributes].map(([code, { entry, event, version }]) => {
      const [value, assertedBy, assertedAt, assurance, evidence] = entry;
      const known = {
        assertedBy,
        recordedAt: new Date(assertedAt).toISOString(),
        event,
        version,
        assurance,
        stale: isStale(code, entry, at.getTime()),
      };
      return [code, own ? { value, ...(evidence !== undefined && { evidence }), ...known } : known];
    }),
  );
}
