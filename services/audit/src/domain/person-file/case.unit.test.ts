import { CASE_DEADLINE_DAYS, MAX_OPEN_CASES } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { type CaseMove, type Mover, moveCase, raise } from './case.js';
import { EMPTY_FILE, evolve, type FileDecision, type FileEvent, type PersonFile } from './person-file.js';

const SUBJECT = '0190a000-0000-7000-8000-000000000101';
const NOW = new Date('2026-11-01T00:00:00Z');
const LATER = new Date(NOW.getTime() + 31 * 86_400_000);
const ANSWER: CaseMove = { move: 'answer', text: 'YQ==' };
const ACCEPT: CaseMove = { move: 'accept' };
const ESCALATE: CaseMove = { move: 'escalate' };
const DECIDE: CaseMove = { move: 'decide', outcome: 'upheld', text: 'YQ==' };
const OVERDUE: CaseMove = { move: 'markOverdue' };
const BY: Record<CaseMove['move'], Mover> = {
  answer: 'agency',
  accept: 'person',
  escalate: 'person',
  decide: 'supervisor',
  markOverdue: 'service',
};

function raised(agency: string | null = 'harbour-bank'): PersonFile {
  return after(
    EMPTY_FILE,
    raise(
      EMPTY_FILE,
      { case: 'c', subject: SUBJECT, kind: 'objection', entry: 'e', agency: agency ?? undefined, text: 'YQ==' },
      NOW,
    ),
  );
}

function after(file: PersonFile, decision: FileDecision): PersonFile {
  expect(decision).not.toHaveProperty('refused');
  return evolve(file, decision as FileEvent);
}

function through(file: PersonFile, ...moves: [CaseMove, Date?][]): PersonFile {
  return moves.reduce((state, [move, now = NOW]) => after(state, tried(state, move, now)), file);
}

function tried(file: PersonFile, move: CaseMove, now = NOW, by = BY[move.move]): FileDecision {
  return moveCase(file, 'c', move, { subject: SUBJECT, by, now });
}

const STATES: Record<string, PersonFile> = {
  open: raised(),
  'open and late': through(raised(), [OVERDUE, LATER]),
  answered: through(raised(), [ANSWER]),
  escalated: through(raised(), [ANSWER], [ESCALATE]),
  closed: through(raised(), [ANSWER], [ACCEPT]),
};

test('every move that the life cycle does not list is refused', () => {
  const allowed: Record<string, string[]> = {
    open: ['answer'],
    'open and late': ['answer'],
    answered: ['accept', 'escalate'],
    escalated: ['decide'],
    closed: [],
  };
  for (const [state, file] of Object.entries(STATES)) {
    for (const move of [ANSWER, ACCEPT, ESCALATE, DECIDE, OVERDUE]) {
      const refused = 'refused' in tried(file, move);
      expect(refused, `${move.move} when ${state}`).toBe(!allowed[state]!.includes(move.move));
    }
  }
});

test('nobody makes another’s move', () => {
  for (const move of [ANSWER, ACCEPT, ESCALATE, DECIDE, OVERDUE]) {
    for (const by of Object.values(BY).filter((mover) => mover !== BY[move.move])) {
      for (const file of Object.values(STATES)) {
        expect(tried(file, move, LATER, by)).toHaveProperty('refused');
      }
    }
  }
});

test('deadlines are recorded, pass once, and an answer that is late can be brought before the centre', () => {
  const file = raised();
  expect(file.cases.c!.answerBy).toBe(
    new Date(NOW.getTime() + CASE_DEADLINE_DAYS.objection.answer * 86_400_000).toISOString(),
  );
  const late = through(file, [OVERDUE, LATER]);
  expect(late.cases.c).toMatchObject({ overdue: true, state: 'open', version: 2 });
  expect(tried(late, OVERDUE, LATER)).toEqual({ refused: 'wrong-state' });
  const escalated = through(late, [ESCALATE, LATER]);
  expect(escalated.cases.c).toMatchObject({ overdue: false, state: 'escalated' });
  expect(tried(escalated, OVERDUE, LATER)).toEqual({ refused: 'wrong-state' });
  // A late answer is better than none.
  expect(through(late, [ANSWER, LATER]).cases.c).toMatchObject({ state: 'answered', overdue: false });
});

test('without an agency it is the centre’s from the beginning', () => {
  const file = raised(null);
  expect(file.cases.c).toMatchObject({ state: 'escalated', decideBy: expect.any(String) });
  expect(file.cases.c).not.toHaveProperty('agency');
  expect(tried(file, ANSWER)).toHaveProperty('refused');
});

test('a stale view moves nothing, and one person has so many open cases at most', () => {
  expect(moveCase(raised(), 'c', ANSWER, { subject: SUBJECT, by: 'agency', now: NOW, ifMatch: 2 })).toEqual({
    refused: 'stale-version',
  });
  let file = EMPTY_FILE;
  for (let i = 0; i < MAX_OPEN_CASES; i++) {
    file = after(
      file,
      raise(file, { case: `${i}`, subject: SUBJECT, kind: 'question', entry: 'e', agency: 'a', text: '' }, NOW),
    );
  }
  expect(
    raise(file, { case: 'x', subject: SUBJECT, kind: 'question', entry: 'e', agency: 'a', text: '' }, NOW),
  ).toEqual({
    refused: 'too-many-open-cases',
  });
});
