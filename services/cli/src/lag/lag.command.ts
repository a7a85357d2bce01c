import { listPartitions, SERVICES } from '@sluice/contracts';
import { Command } from 'commander';
import type { ServiceClient } from '../access/service-client.js';
import { examples } from '../arguments/examples.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { observeService } from '../observe/observe-service.js';
import type { Perform } from '../session.js';
import { LAG_COLUMNS, type LagRow, type Partition, partitionRows, serviceRows } from './lag-rows.js';

export function lagCommand(perform: Perform): Command {
  return new Command('lag')
    .summary('how far behind everything is')
    .description(
      'How far behind every part of every service is, in one table. Partitions of delivery need an operator’s or an auditor’s\ntoken. Exit code 7 if something did not answer; `sluice doctor` says what to do.',
    )
    .addHelpText('after', examples(['sluice lag'], ["sluice lag -o json | jq '.[] | select(.behind > 1000)'"]))
    .action(
      perform(async (session) => {
        const services = session.services();
        const [observations, partitions] = await Promise.all([
          Promise.all(SERVICES.map((service) => observeService(services, service))),
          partitionsOf(services),
        ]);
        const rows: LagRow[] = observations.flatMap((observation) =>
          observation.service === 'delivery' && Array.isArray(partitions)
            ? [...serviceRows(observation), ...partitionRows(partitions)]
            : serviceRows(observation),
        );
        await session.output.rows([rows], LAG_COLUMNS, '');
        if (partitions instanceof Failure)
          session.note(`The partitions of delivery are not shown: ${partitions.message}`);
        const isWhole = Array.isArray(partitions) && observations.every(({ alive }) => alive);
        return isWhole ? EXIT.done : EXIT.partlyDone;
      }),
    );
}

async function partitionsOf(services: ServiceClient): Promise<Partition[] | Failure> {
  try {
    return (await services.call(listPartitions, 'operator')).partitions;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
