import type { RecordProducer } from '../record-producer.js';
import { Relay } from '../relay.js';
import type { RelayObserver } from '../relay-observer.js';
import type { LogDatabase } from './log-database.js';

/** What a relay told, in the order in which it told it. */
export class Observed implements RelayObserver {
  count = 0;
  fenceMs = 0;
  readonly halts: { stream: string; reason: string }[] = [];
  readonly failures: unknown[] = [];

  published(count: number): void {
    this.count += count;
  }
  fenceAge(ms: number): void {
    this.fenceMs = ms;
  }
  halted(stream: string, reason: string): void {
    this.halts.push({ stream, reason });
  }
  failed(error: unknown): void {
    this.failures.push(error);
  }
}

export interface TestRelay {
  relay: Relay;
  observed: Observed;
}

/** A relay that is not started yet. Types that hold `unroutable` have no topic, those that hold `access` another one. */
export function createRelay(db: LogDatabase, producer: RecordProducer, connection = db.url): TestRelay {
  const observed = new Observed();
  const relay = new Relay({
    connection,
    schema: db.schema,
    source: '/test',
    route: (type) => {
      if (type.includes('unroutable')) throw new Error('no such topic');
      return type.includes('access') ? { topic: 'access', partitions: 6 } : { topic: 'events', partitions: 3 };
    },
    producer,
    observe: observed,
  });
  return { relay, observed };
}

/** Asks again and again; for what another session does on its own. */
export async function until(condition: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  for (const end = Date.now() + ms; !(await condition()); ) {
    if (Date.now() > end) throw new Error(`not so within ${ms} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
