/**
 * A process that does nothing but keep the log until it is killed: `node keeper-process.js PLAN`. It says the size after
 * every turn over IPC, so that whoever kills it knows when it leads.
 */
import { createSecretKey } from 'node:crypto';
import { FileTileStorage } from '@sluice/merkle-log';
import { createRecordProducer, type KafkaConnection } from '@sluice/messaging';
import { createLogger, Metrics, ReadinessChecks } from '@sluice/platform';
import { Pool } from 'pg';
import { RecordDigest } from '../intake/record-digest.js';
import type { IntakeTopics } from '../intake/topics.js';
import { LogKeeper } from '../log/log-keeper.js';
import { openLogKey } from '../log/log-key.js';
import { LogSession } from '../log/log-session.js';
import { LogStatus } from '../log/log-status.js';
import { NO_WITNESSES } from '../log/witnesses/witness-config.js';
import { WitnessStatus } from '../log/witnesses/witness-status.js';
import { WitnessedStore } from '../log/witnesses/witnessed-store.js';

/** What the process is told, as JSON. */
export interface KeeperPlan {
  databaseUrl: string;
  connection: KafkaConnection;
  topics: IntakeTopics;
  checkpointTopic: string;
  folder: string;
  keyDir: string;
  origin: string;
  /** Of the salts, hex. */
  saltSecret: string;
}

/** Sent after every turn. */
export interface KeeperSays {
  size: number;
}

class ToldStatus extends LogStatus {
  override turned(size: number, leaves: number, behind: number): void {
    super.turned(size, leaves, behind);
    process.send?.({ size } satisfies KeeperSays);
  }
}

const plan = JSON.parse(process.argv[2]!) as KeeperPlan;
const logger = createLogger({ name: 'audit', instance: 'crash-test', level: 'fatal' });
new LogKeeper({
  openSession: () => LogSession.open(plan.databaseUrl),
  storage: new FileTileStorage(plan.folder),
  key: await openLogKey(plan.keyDir, plan.origin),
  connection: plan.connection,
  producer: createRecordProducer(plan.connection),
  topics: plan.topics,
  checkpointTopic: plan.checkpointTopic,
  tools: {
    ledgerTopic: plan.topics.ledger,
    saltSecret: createSecretKey(plan.saltSecret, 'hex'),
    digests: new RecordDigest(),
  },
  witnessing: {
    config: NO_WITNESSES,
    store: new WitnessedStore(new Pool({ connectionString: plan.databaseUrl, max: 1 })),
    status: new WitnessStatus(NO_WITNESSES, new Metrics(), new ReadinessChecks(logger)),
  },
  status: new ToldStatus(new Metrics(), new ReadinessChecks(logger)),
  logger,
}).start();
