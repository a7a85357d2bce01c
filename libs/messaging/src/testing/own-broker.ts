import { freeInfrastructurePorts, type KafkaBroker, startInfrastructure, temporaryDataDir } from '@sluice/local-stack';

/** A broker of one test file's own, to be killed and paused. */
export interface OwnBroker {
  broker: KafkaBroker;
  connection: { brokers: string[]; username: string; password: string };
  stop(): Promise<void>;
}

export async function startOwnBroker(): Promise<OwnBroker> {
  const dataDir = temporaryDataDir();
  const ports = await freeInfrastructurePorts();
  const parts = { postgres: false };
  const infrastructure = await startInfrastructure({ dataDir: dataDir.path, ports, parts, durable: false });
  const broker = infrastructure.kafka!;
  return {
    broker,
    connection: { brokers: broker.internal, ...broker.admin },
    stop: async () => {
      await infrastructure.stop();
      dataDir.remove();
    },
  };
}
