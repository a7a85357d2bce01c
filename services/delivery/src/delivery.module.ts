import { Module } from '@nestjs/common';
import { TOPICS } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import { createRecordProducer, type RecordProducer } from '@sluice/messaging';
import {
  LOGGER,
  type Logger,
  Metrics,
  ReadinessChecks,
  rebuildParts,
  SERVICE_CONFIG,
  type ServiceConfig,
  SHUTDOWN_ORDER,
  Shutdown,
} from '@sluice/platform';
import { AccessRecords, EventRelay, eventRelay } from '@sluice/recording';
import { ContentKeys, FileKeyProvider, type KeyProvider, PairwiseIds, SubjectKeys } from '@sluice/vault';
import { Pool } from 'pg';
import { ApproveReplayController } from './approve-replay/approve-replay.controller.js';
import { CheckpointFollower } from './audit-gate/checkpoint-follower.js';
import { CancelReplayController } from './cancel-replay/cancel-replay.controller.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { FeedProvisioner } from './feeds/feed-provisioner.js';
import { LedgerStore } from './ledger/ledger-store.js';
import { ListParkedChangesController } from './list-parked-changes/list-parked-changes.controller.js';
import { ListPartitionsController } from './list-partitions/list-partitions.controller.js';
import { ListReplaysController } from './list-replays/list-replays.controller.js';
import { PartitionHost } from './partition/partition-host.js';
import { PauseReplayController } from './pause-replay/pause-replay.controller.js';
import { PlanReplayController } from './plan-replay/plan-replay.controller.js';
import { ReplayImpacts } from './plan-replay/replay-impacts.js';
import { ReadFeedController } from './read-feed/read-feed.controller.js';
import { ReadReplayController } from './read-replay/read-replay.controller.js';
import { subjectsModel } from './rebuild/subjects.js';
import { ReplayCommands } from './replay/replay-commands.js';
import { ReplayParts } from './replay/replay-parts.js';
import { ResumeReplayController } from './resume-replay/resume-replay.controller.js';
import { RunReplayController } from './run-replay/run-replay.controller.js';
import { SettleParkedChangesController } from './settle-parked-changes/settle-parked-changes.controller.js';
import { AccreditationHistory } from './try-policy/accreditation-history.js';
import { LedgerHistory } from './try-policy/ledger-history.js';
import { PolicyTrial } from './try-policy/policy-trial.js';
import { TryPolicyController } from './try-policy/try-policy.controller.js';

const KEYS = Symbol('KeyProvider');
const PRODUCER = Symbol('RecordProducer');

const rebuilds = rebuildParts<[ServiceConfig]>('delivery', {
  inject: [SERVICE_CONFIG],
  useFactory: ({ kafka }) => [subjectsModel(kafka)],
});

@Module({
  controllers: [
    ReadFeedController,
    ListPartitionsController,
    ListParkedChangesController,
    SettleParkedChangesController,
    PlanReplayController,
    ListReplaysController,
    ReadReplayController,
    ApproveReplayController,
    RunReplayController,
    PauseReplayController,
    ResumeReplayController,
    CancelReplayController,
    TryPolicyController,
    ...rebuilds.controllers,
  ],
  providers: [
    ReplayCommands,
    ReplayImpacts,
    {
      provide: KEYS,
      inject: [SERVICE_CONFIG],
      useFactory: (config: ServiceConfig) => FileKeyProvider.open(config.keyDir),
    },
    {
      provide: PRODUCER,
      inject: [SERVICE_CONFIG, Shutdown],
      useFactory: (config: ServiceConfig, shutdown: Shutdown) => {
        const producer = createRecordProducer({ ...config.kafka, clientId: `${config.kafka.clientId}-feeds` });
        shutdown.onShutdown('feed producer', () => producer.close(), SHUTDOWN_ORDER.stores);
        return producer;
      },
    },
    // Its own events are records of administrative acts; the feeds do not pass through the relay.
    eventRelay(() => ({ service: 'delivery', own: TOPICS.access })),
    AccessRecords,
    {
      provide: EventStore,
      inject: [Pool, EventRelay],
      useFactory: (pool: Pool, relay: EventRelay) =>
        new EventStore({ pool, schema: 'delivery', onAppended: () => relay.nudge() }),
    },
    {
      provide: CheckpointFollower,
      inject: [SERVICE_CONFIG, Metrics, ReadinessChecks, Shutdown, LOGGER],
      useFactory: createGate,
    },
    { provide: LedgerHistory, inject: [Pool], useFactory: (pool: Pool) => new LedgerHistory(pool) },
    {
      provide: AccreditationHistory,
      inject: [SERVICE_CONFIG],
      useFactory: (config: ServiceConfig) => new AccreditationHistory(config.kafka),
    },
    {
      provide: PolicyTrial,
      inject: [LedgerHistory, AccreditationHistory],
      useFactory: (ledger: LedgerHistory, history: AccreditationHistory) => new PolicyTrial(ledger, history),
    },
    {
      provide: PartitionHost,
      inject: [
        SERVICE_CONFIG,
        Pool,
        KEYS,
        PRODUCER,
        CheckpointFollower,
        ReplayCommands,
        Metrics,
        ReadinessChecks,
        Shutdown,
        LOGGER,
      ],
      useFactory: createHost,
    },
    ...rebuilds.providers,
  ],
})
export class DeliveryModule {}

/** Follows audit's checkpoints: without them nothing is released. */
function createGate(
  { kafka }: ServiceConfig,
  metrics: Metrics,
  readiness: ReadinessChecks,
  shutdown: Shutdown,
  logger: Logger,
): CheckpointFollower {
  const follower = new CheckpointFollower(kafka, TOPICS.checkpoints.name, metrics, readiness, logger);
  follower.start();
  shutdown.onShutdown('audit gate', () => follower.stop(), SHUTDOWN_ORDER.stores);
  return follower;
}

async function createHost(
  config: ServiceConfig,
  pool: Pool,
  keys: KeyProvider,
  producer: RecordProducer,
  gate: CheckpointFollower,
  replays: ReplayCommands,
  metrics: Metrics,
  readiness: ReadinessChecks,
  shutdown: Shutdown,
  logger: Logger,
): Promise<PartitionHost> {
  const provisioner = config.kafkaProvisioner ?? {};
  const context = {
    store: new LedgerStore(pool),
    dispatcher: new Dispatcher(producer),
    feeds: new FeedProvisioner({ ...config.kafka, ...provisioner, clientId: `${config.kafka.clientId}-provisioner` }),
    subjectKeys: new SubjectKeys({ pool, provider: keys }),
    contentKeys: await ContentKeys.create(keys),
    pairwise: await PairwiseIds.create(keys),
    gate,
    replayParts: new ReplayParts(pool),
    replayEnds: replays.plans,
    logger,
  };
  return new PartitionHost(config.kafka, context, metrics, readiness, shutdown);
}
