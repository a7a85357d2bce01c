import {
  CASE_ACCEPTED,
  CASE_ANSWERED,
  CASE_DECIDED,
  CASE_ESCALATED,
  CASE_OVERDUE,
  CASE_RAISED,
  type CaseEventData,
  type CaseEventType,
  type CaseKind,
  type ProblemCode,
  type PurposeCode,
  SEAL_APPROVED,
  SEAL_DRAFTED,
  SEAL_LIFTED,
  SEAL_REFUSED,
} from '@sluice/contracts';

/** One event of audit.cases with its payload. */
export type FileEvent = { [T in CaseEventType]: { type: T; data: CaseEventData<T> } }[CaseEventType];

/** A case that is not closed. `accepted`, `upheld` and `dismissed` are the ends of it. */
export interface OpenCase {
  readonly case: string;
  readonly version: number;
  readonly kind: CaseKind;
  readonly agency?: string;
  readonly state: 'open' | 'answered' | 'escalated';
  /** Whoever is due let the deadline pass, and that was recorded. */
  readonly overdue: boolean;
  readonly answerBy?: string;
  readonly decideBy?: string;
}

/** What an order seals: entries of one agency about one person. */
export interface SealTerms {
  readonly seal: string;
  readonly subject: string;
  readonly agency: string;
  readonly purpose?: PurposeCode | undefined;
  /** Reference of the legal instrument. */
  readonly instrument: string;
  /** RFC 3339; entries from this instant on, or all. */
  readonly since?: string | undefined;
  /** RFC 3339. */
  readonly until: string;
}

/** An order that was drafted, or that holds. */
export interface LivingSeal extends SealTerms {
  readonly version: number;
  readonly state: 'drafted' | 'sealed';
  /** `staff:…` */
  readonly draftedBy: string;
  /** When it was approved. */
  readonly sealedFrom?: string;
}

/**
 * The state of a person's stream: the cases and seals that something can still happen to. They share one stream, so that
 * everything about a person has one order; those that are over leave the state, or it would grow for a lifetime.
 */
export interface PersonFile {
  readonly cases: Readonly<Record<string, OpenCase>>;
  readonly seals: Readonly<Record<string, LivingSeal>>;
}

export const EMPTY_FILE: PersonFile = { cases: {}, seals: {} };

/** A refusal that a caller can cause. */
export interface Refused {
  readonly refused: ProblemCode;
}

/** Every accepted command makes one event. */
export type FileDecision = FileEvent | Refused;

export function evolve(file: PersonFile, event: FileEvent): PersonFile {
  switch (event.type) {
    case CASE_RAISED: {
      const { case: id, caseVersion: version, kind, agency, answerBy, decideBy } = event.data;
      const opened: OpenCase = {
        case: id,
        version,
        kind,
        state: agency === undefined ? 'escalated' : 'open',
        overdue: false,
        ...(agency !== undefined && { agency }),
        ...(answerBy !== undefined && { answerBy }),
        ...(decideBy !== undefined && { decideBy }),
      };
      return { ...file, cases: { ...file.cases, [id]: opened } };
    }
    case CASE_ANSWERED:
      return changedCase(file, event.data, { state: 'answered', overdue: false });
    case CASE_ESCALATED:
      return changedCase(file, event.data, { state: 'escalated', overdue: false, decideBy: event.data.decideBy });
    case CASE_OVERDUE:
      return changedCase(file, event.data, { overdue: true });
    case CASE_ACCEPTED:
    case CASE_DECIDED: {
      const { [event.data.case]: _closed, ...cases } = file.cases;
      return { ...file, cases };
    }
    case SEAL_DRAFTED: {
      const { sealVersion: version, by: draftedBy, ...terms } = event.data;
      const drafted: LivingSeal = { ...terms, version, state: 'drafted', draftedBy };
      return { ...file, seals: { ...file.seals, [event.data.seal]: drafted } };
    }
    case SEAL_APPROVED: {
      const seal = file.seals[event.data.seal]!;
      const approved: LivingSeal = {
        ...seal,
        version: event.data.sealVersion,
        state: 'sealed',
        sealedFrom: event.data.at,
      };
      return { ...file, seals: { ...file.seals, [seal.seal]: approved } };
    }
    case SEAL_REFUSED:
    case SEAL_LIFTED: {
      const { [event.data.seal]: _over, ...seals } = file.seals;
      return { ...file, seals };
    }
  }
}

function changedCase(
  file: PersonFile,
  { case: id, caseVersion: version }: { case: string; caseVersion: number },
  change: Partial<OpenCase>,
): PersonFile {
  return { ...file, cases: { ...file.cases, [id]: { ...file.cases[id]!, ...change, version } } };
}
