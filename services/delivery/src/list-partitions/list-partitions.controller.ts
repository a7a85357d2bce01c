import { Controller } from '@nestjs/common';
import { listPartitions } from '@sluice/contracts';
import { Endpoint } from '@sluice/platform';
import { Pool } from 'pg';
import { PartitionHost } from '../partition/partition-host.js';

interface Row {
  partition: number;
  epoch: number;
  registry_offset: string;
  consent_offset: string;
  vetting_offset: string;
  ledger_sequence: string;
  dispatched_sequence: string;
}

/** Every partition as committed, and what this process knows of those it owns. */
@Controller()
export class ListPartitionsController {
  constructor(
    private readonly pool: Pool,
    private readonly host: PartitionHost,
  ) {}

  @Endpoint(listPartitions)
  async handle() {
    const { rows } = await this.pool.query<Row>('select * from delivery.partition order by partition');
    return {
      partitions: rows.map((row) => {
        const lag = this.host.lags.get(row.partition);
        const halted = this.host.halted.get(row.partition);
        return {
          partition: row.partition,
          epoch: row.epoch,
          ownedHere: this.host.workers.has(row.partition),
          registryOffset: row.registry_offset,
          consentOffset: row.consent_offset,
          vettingOffset: row.vetting_offset,
          ledgerSequence: Number(row.ledger_sequence),
          dispatchedSequence: Number(row.dispatched_sequence),
          ...(lag !== undefined && { lag }),
          ...(halted !== undefined && { halted }),
        };
      }),
    };
  }
}
