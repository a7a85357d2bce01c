import { Controller } from '@nestjs/common';
import { readHistoryRecords } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { HistoryRecords } from './history-records.js';

@Controller()
export class ReadHistoryRecordsController {
  constructor(
    private readonly history: HistoryRecords,
    private readonly records: AccessRecords,
  ) {}

  @Endpoint(readHistoryRecords)
  async handle(@Input() { params, query, context }: InputOf<typeof readHistoryRecords>) {
    const { topic, partition } = params;
    const target = `${topic}/${partition}@${query.from}-${query.to}`;
    await this.records.administered({ act: readHistoryRecords.id, target }, context);
    const page = await this.history.page(topic, partition, query.from, query.to);
    return page === undefined ? refuse('not-ready') : { body: page };
  }
}
