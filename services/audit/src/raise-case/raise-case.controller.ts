import { randomUUID } from 'node:crypto';
import { Controller, Inject } from '@nestjs/common';
import { type CaseReply, type HistoryEntry, raiseCase } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, isRefusal, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { CaseFiles, replyOf } from '../cases/case-files.js';
import { placeOf } from '../cases/case-moves.js';
import { agencyConcerned } from '../domain/history-lines.js';
import { raise } from '../domain/person-file/case.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { ShownHistories } from '../read-history/shown-histories.js';
import { PersonFiles } from '../store/person-files.js';
import { SubjectTexts } from '../store/subject-texts.js';

@Controller()
export class RaiseCaseController {
  constructor(
    private readonly files: PersonFiles,
    private readonly histories: ShownHistories,
    private readonly texts: SubjectTexts,
    private readonly records: AccessRecords,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
  ) {}

  @Endpoint(raiseCase)
  async handle(@Input() input: InputOf<typeof raiseCase>) {
    const { params, body, principal, context } = input;
    const { subject } = params;
    if (principal.kind !== 'person' || principal.subject !== subject) {
      await this.records.refused({ subject, by: context.actor, endpoint: raiseCase.id, problem: 'not-found' }, context);
      return refuse('not-found');
    }
    const entry = await this.histories.entry(subject, body.entry, principal);
    if (entry === undefined) return refuse('unknown-entry');
    const id = randomUUID();
    const sealed = await this.texts.seal(subject, placeOf(id, 'raise'), body.text);
    if (sealed === undefined) return refuse('unknown-subject');
    const reply = await this.#raise(id, entry, sealed, input);
    if (isRefusal(reply)) return reply;
    return { body: reply, version: reply.version, location: `/cases/${reply.case}` };
  }

  #raise(id: string, entry: HistoryEntry, text: Buffer, { params, body, ...input }: InputOf<typeof raiseCase>) {
    const { subject } = params;
    const now = this.scope.now?.() ?? new Date();
    const agency = agencyConcerned(entry);
    const raising = { case: id, subject, kind: body.kind, entry: entry.id, agency, text: text.toString('base64') };
    return this.files.act<CaseReply>(
      {
        subject,
        decide: (file) => raise(file, raising, now),
        reply: (event, file) => replyOf(event, file, { raisedAt: now }),
        effects: (event, file) => CaseFiles.saving(event, file, now, entry),
      },
      input,
    );
  }
}
