import { settleParkedChanges } from '@sluice/contracts';
import { Command } from 'commander';
import type { ServiceClient } from '../access/service-client.js';
import { examples } from '../arguments/examples.js';
import { subjectArgument } from '../arguments/parse.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Failure, usageFailure } from '../failure.js';
import { ask } from '../output/ask.js';
import { Table } from '../output/table.js';
import type { Perform, Session } from '../session.js';
import { isInteractive } from '../terminal.js';
import { byPerson, type ParkedPerson, parkedSeenBy, requireParked } from './parked-changes.js';
import { SETTLEMENT_COLUMNS, type Settlement } from './settlement.js';

export type SettlementAction = 'retry' | 'discard';

const DESCRIPTION: Record<SettlementAction, string> = {
  retry: 'Lets delivery decide again what is parked of a person.',
  discard: 'Gives up what is parked of a person: those changes reach nobody. Later changes of the person do.',
};

interface SettleOptions {
  all?: boolean;
  yes?: boolean;
  reason?: string;
}

export function settleParkedCommand(perform: Perform, action: SettlementAction): Command {
  return new Command(action)
    .description(
      `${DESCRIPTION[action]}\nShows what it would do, and does it only with --yes. The reason is recorded with your name.`,
    )
    .argument('[subjects...]', 'the persons', (text: string, before?: string[]) => [
      ...(before ?? []),
      subjectArgument(text),
    ])
    .option('--all', 'everybody of whom something is parked')
    .option('--reason <text>', 'why, for the record; no personal data')
    .option('-y, --yes', 'do it')
    .addHelpText(
      'after',
      examples(
        [`sluice parked ${action} 0190a000-0000-7000-8000-000000000101`, 'shows whom it would hit'],
        [`sluice parked ${action} --all --yes --reason "key store restored, ticket 4711"`],
      ),
    )
    .action(
      perform(async (session, subjects: string[], options: SettleOptions) => {
        if ((options.all ?? false) === subjects.length > 0) throw usageFailure('name the persons, or give --all');
        const wrong = options.reason === undefined ? undefined : wrongWithReason(options.reason);
        if (wrong !== undefined) throw usageFailure(wrong);
        const services = session.services();
        const persons = byPerson(await parkedSeenBy(session, services));
        const hit = options.all ? persons : requireParked(persons, subjects);
        if (!options.yes) return plan(session, action, hit);
        if (hit.length === 0) return show(session, []);
        const reason = options.reason ?? (await askReason(session, action, hit));
        return settle(session, services, action, hit, reason);
      }),
    );
}

async function plan(session: Session, action: SettlementAction, hit: readonly ParkedPerson[]): Promise<ExitCode> {
  await show(
    session,
    hit.map((person) => ({ ...person, action, outcome: 'planned' })),
  );
  if (hit.length > 0) session.note('Nothing was done; --yes does it.');
  return EXIT.done;
}

async function settle(
  session: Session,
  services: ServiceClient,
  action: SettlementAction,
  hit: readonly ParkedPerson[],
  reason: string,
): Promise<ExitCode> {
  const settlements: Settlement[] = [];
  const failures: Failure[] = [];
  for (const person of hit) {
    try {
      const { settled } = await services.call(settleParkedChanges, 'operator', {
        params: { subject: person.subject },
        body: { action, reason },
      });
      settlements.push({ ...person, changes: settled, action, outcome: 'accepted' });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
      settlements.push({ ...person, action, outcome: 'failed', detail: error.message });
    }
  }
  if (failures.length === hit.length) throw failures[0] as Failure;
  await show(session, settlements);
  session.note('Delivery does it within seconds; what cannot be decided is parked again.');
  return failures.length > 0 ? EXIT.partlyDone : EXIT.done;
}

async function show(session: Session, settlements: Settlement[]): Promise<ExitCode> {
  await session.output.rows([settlements], SETTLEMENT_COLUMNS, 'Nothing is parked.');
  return EXIT.done;
}

/** Whoever is asked sees whom it will hit. */
async function askReason(session: Session, action: SettlementAction, hit: readonly ParkedPerson[]): Promise<string> {
  if (!isInteractive(session.terminal)) throw usageFailure('a reason is needed: --reason "..."');
  const planned = hit.map((person): Settlement => ({ ...person, action, outcome: 'planned' }));
  session.note(new Table(SETTLEMENT_COLUMNS).lines(planned).join('\n'));
  const message = `Why ${action} this? The reason is recorded; no personal data, please`;
  return ask(session.terminal, message, wrongWithReason);
}

/** What is wrong with a reason, or undefined. */
function wrongWithReason(reason: string): string | undefined {
  const read = settleParkedChanges.body?.safeParse({ action: 'retry', reason });
  return read?.error && `the reason is not accepted: ${read.error.issues.map(({ message }) => message).join('; ')}`;
}
