import { Controller } from '@nestjs/common';
import { changeAttributes } from '@sluice/contracts';
import { type Answer, Endpoint, Input, type InputOf, isRefusal, refuse } from '@sluice/platform';
import { acceptAssertion } from '../domain/assertion.js';
import { decideChange } from '../domain/subject.js';
import { Publishers } from '../store/publishers.js';
import type { SubjectChanged } from '../store/subject-commands.js';
import { Subjects } from '../store/subjects.js';

@Controller()
export class ChangeAttributesController {
  constructor(
    private readonly publishers: Publishers,
    private readonly subjects: Subjects,
  ) {}

  @Endpoint(changeAttributes)
  async change(@Input() input: InputOf<typeof changeAttributes>): Promise<Answer<SubjectChanged>> {
    const { params, principal, body, context, ifMatch, idempotencyKey, requestDigest } = input;
    const subject = params.subject;
    // Whether somebody else is registered is nobody's business: they are as unknown as one who does not exist.
    if (principal.kind === 'person' && principal.subject !== subject) return refuse('unknown-subject');
    const now = Date.now();
    const assertor = await this.publishers.assertorOf(principal, now);
    if (assertor === undefined) return refuse('may-not-assert');
    const assertion = acceptAssertion(body, assertor, { assertedBy: context.actor, assertedAt: now });
    if (isRefusal(assertion)) return assertion;

    const changed = await this.subjects.execute({
      subject,
      context,
      idempotency: { key: idempotencyKey, requestDigest },
      decide: (present) => decideChange(present, assertion, ifMatch),
    });
    return isRefusal(changed) ? changed : { body: changed, version: changed.version };
  }
}
