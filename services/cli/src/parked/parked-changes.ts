import { listParkedChanges, type ReplyOf } from '@sluice/contracts';
import type { ServiceClient } from '../access/service-client.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Column } from '../output/table.js';
import type { Session } from '../session.js';

/** The service lists no more at once; the oldest come first. */
export const MOST_LISTED = 1_000;

export type ParkedChange = ReplyOf<typeof listParkedChanges>['parked'][number];

/** What is parked of one person: the first change that could not be decided, and how many stand with it. */
export interface ParkedPerson {
  subject: string;
  partition: number;
  changes: number;
  /** Of the first. */
  reason: string;
  since: string;
}

export const CHANGE_COLUMNS: readonly Column<ParkedChange>[] = [
  { title: 'SUBJECT', of: ({ subject }) => subject },
  { title: 'PARTITION', of: ({ partition }) => partition, align: 'right' },
  { title: 'OFFSET', of: ({ offset }) => offset, align: 'right' },
  { title: 'PARKED', of: ({ parkedAt }) => parkedAt },
  { title: 'REASON', of: ({ reason }) => reason },
];

/** @throws {Failure} */
export async function parkedChanges(services: ServiceClient): Promise<ParkedChange[]> {
  return (await services.call(listParkedChanges, 'operator')).parked;
}

/** As above, and whoever reads the result learns that it may not be all. @throws {Failure} */
export async function parkedSeenBy(session: Session, services = session.services()): Promise<ParkedChange[]> {
  const changes = await parkedChanges(services);
  if (changes.length >= MOST_LISTED) session.note(`Seen are the oldest ${MOST_LISTED} changes; there may be more.`);
  return changes;
}

/** One row per person, in the order in which their first change was parked. */
export function byPerson(changes: readonly ParkedChange[]): ParkedPerson[] {
  const persons = new Map<string, ParkedPerson>();
  for (const { subject, partition, reason, parkedAt } of changes) {
    const person = persons.get(subject);
    if (person) person.changes += 1;
    else persons.set(subject, { subject, partition, changes: 1, reason, since: parkedAt });
  }
  return [...persons.values()];
}

/** @throws {Failure} `not found` naming those of whom nothing is parked */
export function requireParked(persons: readonly ParkedPerson[], subjects: readonly string[]): ParkedPerson[] {
  const known = new Map(persons.map((person) => [person.subject, person]));
  const missing = subjects.filter((subject) => !known.has(subject));
  if (missing.length > 0) throw new Failure(EXIT.notFound, `nothing is parked of ${missing.join(', ')}`);
  return [...new Set(subjects)].map((subject) => known.get(subject) as ParkedPerson);
}
