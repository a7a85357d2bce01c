import { Inject, Injectable } from '@nestjs/common';
import { actorOf, type CaseReply, type EndpointContract, type Principal } from '@sluice/contracts';
import { isRefusal, type Refusal, type Reply, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { type CaseMove, type Mover, moveCase } from '../domain/person-file/case.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { type CommandInput, type FileTask, PersonFiles } from '../store/person-files.js';
import { SubjectTexts } from '../store/subject-texts.js';
import { CaseFiles, type CaseRow, replyOf } from './case-files.js';

/** What a move is to do; `text` still as it was written. */
export interface Moving {
  move: CaseMove['move'];
  text?: string | undefined;
  outcome?: 'upheld' | 'dismissed';
}

interface MoveInput extends CommandInput {
  readonly principal: Principal;
  readonly ifMatch: number | undefined;
}

/** Moves that people make in cases. */
@Injectable()
export class CaseMoves {
  constructor(
    private readonly files: PersonFiles,
    private readonly cases: CaseFiles,
    private readonly texts: SubjectTexts,
    private readonly records: AccessRecords,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
  ) {}

  async make(
    endpoint: EndpointContract,
    id: string,
    moving: Moving,
    input: MoveInput,
  ): Promise<Reply<CaseReply> | Refusal> {
    const row = await this.admitted(endpoint, id, input);
    if (isRefusal(row)) return row;
    const move = await this.#sealed(row, moving);
    if (isRefusal(move)) return move;
    const now = this.scope.now?.() ?? new Date();
    const facts = { subject: row.subject, by: moverOf(input.principal), now, ifMatch: input.ifMatch };
    const task: FileTask<CaseReply> = {
      subject: row.subject,
      decide: (file) => moveCase(file, id, move, facts),
      reply: (event, file) => replyOf(event, file, { raisedAt: row.raised_at, answerBy: row.answer_by }),
      effects: (event, file) => CaseFiles.saving(event, file, now),
    };
    const reply =
      input.principal.kind === 'staff'
        ? await this.files.administer(task, endpoint.id, `case:${id}`, input)
        : await this.files.act(task, input);
    return isRefusal(reply) ? reply : { body: reply, version: reply.version };
  }

  /**
   * The case, for its person, the agency concerned and the centre. For everybody else there is none, and its person
   * learns who tried.
   */
  async admitted(
    endpoint: EndpointContract,
    id: string,
    { principal, context }: Pick<MoveInput, 'principal' | 'context'>,
  ): Promise<CaseRow | Refusal> {
    const row = await this.cases.find(id);
    if (row === undefined) return refuse('unknown-case');
    if (concerns(row, principal)) return row;
    const { subject } = row;
    const refusal = { subject, by: actorOf(principal), endpoint: endpoint.id, problem: 'unknown-case' };
    await this.records.refused(refusal, context);
    return refuse('unknown-case');
  }

  async #sealed(row: CaseRow, { move, text, outcome }: Moving): Promise<CaseMove | Refusal> {
    if (text === undefined) return move === 'escalate' || move === 'accept' ? { move } : refuse('validation-failed');
    const sealed = await this.texts.seal(row.subject, placeOf(row.case_id, move), text);
    if (sealed === undefined) return refuse('unknown-subject');
    const written = sealed.toString('base64');
    if (move === 'decide') return { move, outcome: outcome!, text: written };
    return move === 'answer' || move === 'escalate' ? { move, text: written } : refuse('validation-failed');
  }
}

/** What a sealed text of a case is bound to. */
export function placeOf(id: string, move: CaseMove['move'] | 'raise'): string {
  return `case|${id}|${move}`;
}

function concerns({ subject, agency }: CaseRow, principal: Principal): boolean {
  switch (principal.kind) {
    case 'person':
      return principal.subject === subject;
    case 'agency':
      return principal.agency === agency;
    case 'staff':
      return true;
  }
}

function moverOf(principal: Principal): Mover {
  return principal.kind === 'staff' ? 'supervisor' : principal.kind;
}
