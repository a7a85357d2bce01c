import { Controller } from '@nestjs/common';
import { registerSubject } from '@sluice/contracts';
import { type Answer, Endpoint, Input, type InputOf, isRefusal, refuse } from '@sluice/platform';
import { acceptAssertion } from '../domain/assertion.js';
import { decideRegistration } from '../domain/subject.js';
import { Publishers } from '../store/publishers.js';
import type { SubjectChanged } from '../store/subject-commands.js';
import { Subjects } from '../store/subjects.js';

@Controller()
export class RegisterSubjectController {
  constructor(
    private readonly publishers: Publishers,
    private readonly subjects: Subjects,
  ) {}

  @Endpoint(registerSubject)
  async register(@Input() input: InputOf<typeof registerSubject>): Promise<Answer<SubjectChanged>> {
    const { principal, body, context, idempotencyKey, requestDigest } = input;
    const now = Date.now();
    const assertor = await this.publishers.assertorOf(principal, now);
    if (assertor === undefined) return refuse('may-not-assert');
    const assertion = acceptAssertion(body, assertor, { assertedBy: context.actor, assertedAt: now });
    if (isRefusal(assertion)) return assertion;

    const registered = await this.subjects.register({
      subject: principal.kind === 'person' ? principal.subject : this.subjects.newSubject(idempotencyKey),
      context,
      idempotency: { key: idempotencyKey, requestDigest },
      decide: (subject) => decideRegistration(subject, assertion),
    });
    if (isRefusal(registered)) return registered;
    return { body: registered, version: registered.version, location: `/subjects/${registered.subject}` };
  }
}
