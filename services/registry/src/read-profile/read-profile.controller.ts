import { Controller } from '@nestjs/common';
import { type ReplyOf, readProfile } from '@sluice/contracts';
import { type Answer, Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { isStale, type Profile } from '../domain/profile.js';
import { Subjects } from '../store/subjects.js';

type ProfileReply = ReplyOf<typeof readProfile>;

@Controller()
export class ReadProfileController {
  constructor(
    private readonly subjects: Subjects,
    private readonly accesses: AccessRecords,
  ) {}

  @Endpoint(readProfile)
  async read(@Input() { params, principal, context }: InputOf<typeof readProfile>): Promise<Answer<ProfileReply>> {
    const subject = params.subject;
    if (principal.kind !== 'person' || principal.subject !== subject) return refuse('unknown-subject');
    const present = await this.subjects.load(subject);
    if (typeof present === 'string') return refuse('unknown-subject');
    const { version } = present;

    // What cannot be put on record is not shown.
    const attributes = present.codes();
    await this.accesses.read({ subject, by: context.actor, what: 'profile', attributes }, context);
    return { body: { subject, version, attributes: shown(present, Date.now()) }, version };
  }
}

function shown(profile: Profile, now: number): ProfileReply['attributes'] {
  const attributes: ProfileReply['attributes'] = {};
  for (const code of profile.codes()) {
    const entry = profile.entry(code)!;
    const [value, assertedBy, assertedAt, assurance, evidence] = entry;
    attributes[code] = {
      value,
      assertedBy,
      assertedAt: new Date(assertedAt).toISOString(),
      assurance,
      ...(evidence !== undefined && { evidence }),
      stale: isStale(code, entry, now),
    };
  }
  return attributes;
}
