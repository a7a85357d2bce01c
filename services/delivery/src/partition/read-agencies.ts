import { TOPICS } from '@sluice/contracts';
import { type Agencies, type Agency, evolveAgency } from '@sluice/decision';
import type { PartitionPuller } from '@sluice/messaging';
import { vettingSource } from './read-sources.js';
import { readHeaders } from './source-record.js';

const READ_BYTES = 4 * 1024 * 1024;
const READ_WAIT_MS = 1_000;

/**
 * All agencies as vetting.events tells them, from its beginning; small, because agencies are few.
 * @param until the offset to stop before; without it up to what is there now
 */
export async function readAgencies(puller: PartitionPuller, until?: bigint): Promise<Agencies> {
  const agencies = new Map<string, Agency>();
  let offset = 0n;
  let end = until;
  while (end === undefined || offset < end) {
    const want = { topic: TOPICS.vetting.name, partition: 0, offset, maxBytes: READ_BYTES };
    const [answer] = await puller.pull([want], { maxWaitMs: end === undefined ? 0 : READ_WAIT_MS });
    if (answer === undefined || answer.error !== undefined) {
      throw new Error('vetting.events could not be read, will try again');
    }
    end ??= answer.highWatermark;
    for (const record of answer.records) {
      if (record.offset >= end) break;
      const { event } = vettingSource(record, readHeaders(record));
      const agency = evolveAgency(agencies.get(event.data.agency), event.type, event.data);
      if (agency !== undefined) agencies.set(agency.code, agency);
      offset = record.offset + 1n;
    }
    if (answer.records.length === 0 && offset < end) {
      throw new Error('vetting.events could not be read, will try again');
    }
  }
  return agencies;
}
