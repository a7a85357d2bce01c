import type { ReadModel } from '@sluice/event-store';
import { endOffsets, type KafkaConnection } from '@sluice/messaging';
import type { AuditScope } from '../intake/topics.js';
import { HistoryFilling } from './history-filling.js';
import { rowTopics } from './history-place.js';

/** The histories of persons, from the topics that they are made of. */
export function readModels(connection: KafkaConnection, { topics }: AuditScope): readonly ReadModel[] {
  const from = rowTopics(topics).map(({ topic }) => topic);
  return [
    {
      name: 'history',
      source: from.join(', '),
      extent: async () => {
        const ends = await Promise.all(from.map((topic) => endOffsets(connection, topic)));
        return ends.flat().reduce((sum, end) => sum + Number(end), 0);
      },
      fill: (pool) => new HistoryFilling(pool, connection, topics),
    },
  ];
}
