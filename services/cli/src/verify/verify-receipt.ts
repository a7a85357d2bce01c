import { verifyReceipt } from '@sluice/log-verifier';
import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { usageFailure } from '../failure.js';
import type { Perform } from '../session.js';
import { exitOfFindings } from './findings.js';
import { type KeyOption, keyOf, keyOption } from './key-option.js';
import { readBytes, readText } from './read-file.js';
import { cosignatures, verdict } from './report.js';
import { addWitnessOptions, type WitnessOptions, witnessPolicy } from './witness-options.js';

interface ReceiptOptions extends KeyOption, WitnessOptions {
  entry?: string;
  entryFile?: string;
}

export function verifyReceiptCommand(perform: Perform): Command {
  const command = new Command('receipt')
    .description('Verifies that an entry is in the log, by a receipt (C2SP tlog-proof). Reads nothing but the receipt.')
    .argument('<file>', 'the receipt')
    .option('--entry <text>', 'the entry that it is for')
    .option('--entry-file <file>', 'a file that holds the entry, byte for byte')
    .addOption(keyOption());
  return addWitnessOptions(command)
    .addHelpText(
      'after',
      examples(['sluice verify receipt delivery.receipt --entry-file delivery.entry --key log.vkey']),
    )
    .action(
      perform(async (session, file: string, options: ReceiptOptions) => {
        const leaf = await entryOf(options);
        const log = await keyOf(options);
        const policy = await witnessPolicy(options);
        const receipt = await readText(file);
        const { extra, ...report } = verifyReceipt({ receipt, leaf, log, ...(policy && { policy }) });
        await session.output.report(
          { log: log.name, ...report, ...(extra && { extra: extra.toString('base64') }) },
          (colours) => {
            const facts = [
              ['log', log.name],
              ['index', report.index],
              ['of leaves', report.size],
              ['cosigned', cosignatures(report.cosignatures)],
            ] as const;
            return verdict(facts, { ...report, findingCount: report.findings.length }, colours);
          },
        );
        return exitOfFindings(report.findings);
      }),
    );
}

/** A receipt proves an entry that one has; it does not bring it. */
async function entryOf({ entry, entryFile }: ReceiptOptions): Promise<Buffer> {
  if ((entry === undefined) === (entryFile === undefined)) {
    throw usageFailure('which entry is the receipt for? give --entry or --entry-file');
  }
  return entry === undefined ? readBytes(entryFile as string) : Buffer.from(entry);
}
