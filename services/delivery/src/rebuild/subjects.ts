import { laneOf, TOPICS } from '@sluice/contracts';
import { evolveGrants, type Grant, snapshotArrived } from '@sluice/decision';
import { foldedModel, type ReadModel } from '@sluice/event-store';
import { type KafkaConnection, TopicSource } from '@sluice/messaging';
import type { Pool, PoolClient } from 'pg';
import { type GrantsEvent, GrantsSource } from './grants-source.js';

const NONE: readonly Grant[] = [];

/**
 * Delivery's view of the grants of each person: from consent.events, and from the ledger, which tells when a snapshot
 * was decided; what it answered stands in registry.events.
 */
export function subjectsModel(connection: KafkaConnection): ReadModel {
  return foldedModel<GrantsEvent, readonly Grant[]>({
    name: 'subject',
    source: `${TOPICS.consent.name}, ${TOPICS.registry.name} and the ledger`,
    key: 'subject',
    extent: () => TopicSource.extent(connection, TOPICS.consent.name),
    open: (pool: Pool) => new GrantsSource(pool, connection),
    keyOf: ({ subject }) => subject,
    evolve: (before, event) => {
      const grants = before ?? NONE;
      if (event.kind === 'snapshot') return snapshotArrived(grants, event.grant, event.grantVersion);
      const after = evolveGrants(grants, event.type, event.data);
      return after === grants ? before : after;
    },
    rowOf: (grants) => ({ grants }),
    stateOf: ({ grants }) => grants as readonly Grant[],
    mended,
  });
}

/** The workers of these partitions hold grants in memory; whoever commits next has to read them again. */
async function mended(client: PoolClient, subjects: readonly string[]): Promise<void> {
  await client.query(
    'update delivery.partition set epoch = epoch + 1, rebuilt_epoch = epoch + 1 where partition = any($1::smallint[])',
    [[...new Set(subjects.map(laneOf))]],
  );
}
