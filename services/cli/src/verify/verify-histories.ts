import { HISTORY_TOPICS, readHistoryRecords, TOPICS } from '@sluice/contracts';
import { type HistoriesReport, type RecordSource, verifyHistories } from '@sluice/log-verifier';
import { Command } from 'commander';
import type { ServiceClient } from '../access/service-client.js';
import { examples } from '../arguments/examples.js';
import { openSource } from '../log/source.js';
import { startProgress } from '../output/progress.js';
import type { Perform } from '../session.js';
import { exitOfFindings } from './findings.js';
import { type KeyOption, keyOf, keyOption } from './key-option.js';
import { cosignatures, verdict } from './report.js';
import { addWitnessOptions, type WitnessOptions, witnessPolicy } from './witness-options.js';

type Role = keyof typeof HISTORY_TOPICS;

const ROLES = Object.keys(HISTORY_TOPICS) as Role[];
const ROLE_BY_NAME = new Map<string, Role>(ROLES.map((role) => [TOPICS[role].name, role]));
const NUMBERS = new Map<string, number>(ROLES.map((role) => [TOPICS[role].name, HISTORY_TOPICS[role]]));

export function verifyHistoriesCommand(perform: Perform): Command {
  const command = new Command('histories')
    .description(
      'Verifies, for auditors, that nobody’s history leaves out a record: verifies the whole log, reads from audit every record\nthat histories are made of, and works out each epoch’s heads anew. Needs an auditor’s token; each page read is on record.',
    )
    .argument('<source>', 'folder or address of the log')
    .addOption(keyOption());
  return addWitnessOptions(command)
    .addHelpText('after', examples(['sluice verify histories https://audit.sluice.example/log/ --key log.vkey']))
    .action(
      perform(async (session, place: string, options: KeyOption & WitnessOptions) => {
        const log = await keyOf(options);
        const policy = await witnessPolicy(options);
        const progress = startProgress(session.terminal, 'Verifying');
        const report = await verifyHistories({
          source: await openSource(place),
          log,
          ...(policy && { policy }),
          records: recordsFrom(session.services()),
          topics: NUMBERS,
          onProgress: ({ leaves, records }) =>
            progress.update(() => (records === 0 ? `${leaves} leaves` : `${records} records`)),
        }).finally(() => progress.end());
        await session.output.report({ log: log.name, ...report }, (colours) =>
          verdict([['log', log.name], ...facts(report)], report, colours),
        );
        return exitOfFindings(report.findings);
      }),
    );
}

function recordsFrom(services: ServiceClient): RecordSource {
  return async (topic, partition, from, to) => {
    const params = { topic: ROLE_BY_NAME.get(topic)!, partition: String(partition) };
    const page = await services.call(readHistoryRecords, 'auditor', { params, query: { from, to } });
    return {
      records: page.records.map(({ offset, body, rows }) => ({
        offset,
        body: bytes(body),
        rows: rows.map(({ index, commitment }) => ({ index, commitment: bytes(commitment) })),
      })),
      labelKeys: new Map(page.labelKeys.map(({ subject, key }) => [subject, bytes(key)])),
    };
  };
}

function facts(report: HistoriesReport) {
  const { size, epochs, histories, records, rows, repeats, unreadable, uncovered } = report;
  return [
    ['leaves', size],
    ['epochs', epochs],
    ['histories', histories],
    ['records', records],
    ['rows', rows],
    ['repeats', repeats || undefined],
    ['unreadable', unreadable === 0 ? undefined : `${unreadable}, see sluice doctor and the alarms`],
    ['uncovered', uncovered === 0 ? undefined : `${uncovered} records came after the last epoch`],
    ['cosigned', size === 0 ? undefined : cosignatures(report)],
  ] as const;
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
