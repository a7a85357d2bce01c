import { type ReceiptReport, type VerifierKey, verifyReceipt, type WitnessPolicy } from '@sluice/log-verifier';
import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { usageFailure } from '../failure.js';
import type { Perform } from '../session.js';
import { parseDeliveryReceipt, verifyDeliveryReceipt } from './delivery-receipt.js';
import { exitOfFindings } from './findings.js';
import { type KeyOption, keyOf, keyOption } from './key-option.js';
import { readBytes, readText } from './read-file.js';
import { cosignatures, verdict } from './report.js';
import { addWitnessOptions, type WitnessOptions, witnessPolicy } from './witness-options.js';

interface EntryOptions {
  entry?: string;
  entryFile?: string;
}

/** A report, and the delivery that it is about, where it is one. */
type Verified = ReceiptReport & { delivery?: string };

export function verifyReceiptCommand(perform: Perform): Command {
  const command = new Command('receipt')
    .description(
      'Verifies a receipt, reading nothing else: that of a delivery, as the audit service gives it, or that of any entry of\nthe log (C2SP tlog-proof), together with the entry.',
    )
    .argument('<file>', 'the receipt')
    .option('--entry <text>', 'the entry that a tlog-proof is for')
    .option('--entry-file <file>', 'a file that holds the entry, byte for byte')
    .addOption(keyOption());
  return addWitnessOptions(command)
    .addHelpText(
      'after',
      examples(
        ['sluice verify receipt delivery.receipt.json --key log.vkey'],
        ['sluice verify receipt entry.proof --entry-file entry.txt --key log.vkey'],
      ),
    )
    .action(
      perform(async (session, file: string, options: EntryOptions & KeyOption & WitnessOptions) => {
        const log = await keyOf(options);
        const policy = await witnessPolicy(options);
        const { extra, ...report } = await verified(await readText(file), options, log, policy);
        const document = { log: log.name, ...report, ...(extra && { extra: extra.toString('base64') }) };
        await session.output.report(document, (colours) => {
          const facts = [
            ['log', log.name],
            ['delivery', report.delivery?.replace(/^delivery /, '')],
            ['index', report.index],
            ['of leaves', report.size],
            ['cosigned', report.size === undefined ? undefined : cosignatures(report)],
          ] as const;
          return verdict(facts, { ...report, findingCount: report.findings.length }, colours);
        });
        return exitOfFindings(report.findings);
      }),
    );
}

async function verified(
  text: string,
  options: EntryOptions,
  log: VerifierKey,
  policy: WitnessPolicy | undefined,
): Promise<Verified> {
  const delivery = parseDeliveryReceipt(text);
  if (delivery) return { ...verifyDeliveryReceipt(delivery, log, policy), delivery: delivery.delivery };
  const leaf = await entryOf(options);
  return verifyReceipt({ receipt: text, leaf, log, ...(policy && { policy }) });
}

/** A tlog-proof proves an entry that one has; it does not bring it. */
async function entryOf({ entry, entryFile }: EntryOptions): Promise<Buffer> {
  if ((entry === undefined) === (entryFile === undefined)) {
    throw usageFailure('it is not the receipt of a delivery. Which entry is it for? give --entry or --entry-file');
  }
  return entry === undefined ? readBytes(entryFile as string) : Buffer.from(entry);
}
