import { DataDirectory } from './data-directory.js';
import { inWords } from './failure.js';
import { Issuer } from './issuer/issuer.js';
import { provisionKafka } from './kafka/admin.js';
import { KafkaBroker } from './kafka/kafka-broker.js';
import { DEFAULT_PORT_BASE, type InfrastructurePorts, infrastructurePorts } from './ports.js';
import { PostgresServer } from './postgres/postgres-server.js';
import { Guardian } from './process/guardian.js';

export interface InfrastructureOptions {
  dataDir: string;
  /** Default 7400; see `infrastructurePorts`. */
  portBase?: number;
  /** Instead of a base, each port by itself. */
  ports?: InfrastructurePorts;
  /** False for data nobody keeps, such as a test's: faster, and lost when the machine (not a process) crashes. */
  durable?: boolean;
  /** Left out when others' servers are used. */
  parts?: { postgres?: boolean; kafka?: boolean };
  onProgress?: (line: string) => void;
  /** Aborting it during the start stops what has been started; the start then fails. */
  signal?: AbortSignal;
}

/** PostgreSQL, Kafka with the topics and rights of the contracts, and the issuer its agencies' tokens come from. */
export interface Infrastructure {
  readonly data: DataDirectory;
  readonly guardian: Guardian;
  readonly issuer: Issuer;
  /** Present unless left out by `parts`. */
  readonly postgres: PostgresServer | undefined;
  readonly kafka: KafkaBroker | undefined;
  /** Stops whatever runs and releases the data folder. */
  stop(): Promise<void>;
}

/** Starts what is wanted; when one part fails, stops the others and throws a `StackFailure`. */
export async function startInfrastructure(options: InfrastructureOptions): Promise<Infrastructure> {
  const { dataDir, onProgress, durable = true, parts = {}, signal } = options;
  const ports = options.ports ?? infrastructurePorts(options.portBase ?? DEFAULT_PORT_BASE);
  const data = DataDirectory.open(dataDir);
  const guardian = new Guardian();
  const shared = { data, guardian, ...(onProgress && { onProgress }) };
  const issuer = new Issuer({ data, guardian, port: ports.issuer });
  const postgres =
    parts.postgres === false ? undefined : new PostgresServer({ ...shared, port: ports.postgres, durable });
  const kafka =
    parts.kafka === false ? undefined : new KafkaBroker({ ...shared, ports, issuerUrl: issuer.url, durable });
  const stop = once(async () => {
    // Together: one after the other, what each may take would be more than a stop may.
    await Promise.all([kafka?.stop(), postgres?.stop(), issuer.stop()]);
    guardian.close();
    data.close();
  });
  const startKafka = async () => {
    await issuer.start(); // first: the broker fetches its keys
    if (!kafka) return;
    await kafka.start();
    await provisionKafka(kafka.internal, { credentials: kafka.admin, acls: true });
  };
  // Both are awaited to their end, so that a failure of one does not leave the other starting behind our back.
  signal?.addEventListener('abort', stop);
  const results = await Promise.allSettled([startKafka(), postgres?.start()]);
  signal?.removeEventListener('abort', stop);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed || signal?.aborted) {
    await stop();
    throw inWords(failed?.reason ?? signal?.reason, data.path);
  }
  return { data, guardian, issuer, postgres, kafka, stop };
}

/** However often it is called, it runs once and all callers wait for that one time. */
function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= action();
    return running;
  };
}
