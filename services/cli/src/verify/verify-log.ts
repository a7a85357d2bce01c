import { verifyLog } from '@sluice/log-verifier';
import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { openSource } from '../log/source.js';
import { startProgress } from '../output/progress.js';
import type { Perform } from '../session.js';
import { exitOfFindings } from './findings.js';
import { type KeyOption, keyOf, keyOption } from './key-option.js';
import { cosignatures, verdict } from './report.js';
import { addWitnessOptions, type WitnessOptions, witnessPolicy } from './witness-options.js';

export function verifyLogCommand(perform: Perform): Command {
  const command = new Command('log')
    .description(
      'Verifies a whole log: hashes every entry, builds the tree again, compares every tile and the signed root.',
    )
    .argument('<source>', 'folder or address of the log')
    .addOption(keyOption());
  return addWitnessOptions(command)
    .addHelpText(
      'after',
      examples(
        ['sluice verify log https://audit.sluice.example/log/ --key log.vkey'],
        ['sluice verify log /mnt/copy/log --key log.vkey --witness bank.vkey --witness court.vkey --quorum 1'],
      ),
    )
    .action(
      perform(async (session, place: string, options: KeyOption & WitnessOptions) => {
        const log = await keyOf(options);
        const policy = await witnessPolicy(options);
        const source = await openSource(place);
        const progress = startProgress(session.terminal, 'Verifying');
        const startedAt = performance.now();
        const onProgress = (leaves: number) =>
          progress.update(
            () => `${leaves} leaves, ${Math.round((leaves * 1_000) / (performance.now() - startedAt))}/s`,
          );
        const report = await verifyLog({ source, log, ...(policy && { policy }), onProgress }).finally(() =>
          progress.end(),
        );
        await session.output.report({ log: log.name, ...report }, (colours) => {
          const facts = [
            ['log', log.name],
            ['leaves', report.root === '' ? undefined : report.size],
            ['root', report.root || undefined],
            ['cosigned', report.root === '' ? undefined : cosignatures(report)],
          ] as const;
          return verdict(facts, report, colours);
        });
        return exitOfFindings(report.findings);
      }),
    );
}
