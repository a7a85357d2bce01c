import { type BaseOptions, type Connection, instancesChannel } from '@platformatic/kafka';

/** Where and as whom to reach Kafka. Without a username the connection is PLAINTEXT, else SASL SCRAM-SHA-512. */
export interface KafkaConnection {
  /** `host:port` of at least one broker. */
  brokers: string[];
  username?: string;
  password?: string;
  /** Shown in the broker's logs and quotas. */
  clientId: string;
}

/** A broker that hangs (paused, or its disk) is given up on after this long; the request goes out again. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** The connection as @platformatic/kafka takes it. */
export function clientOptions(connection: KafkaConnection): BaseOptions {
  return {
    clientId: connection.clientId,
    bootstrapBrokers: connection.brokers,
    connectTimeout: 3_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(connection.username !== undefined && {
      sasl: { mechanism: 'SCRAM-SHA-512', username: connection.username, password: connection.password ?? '' },
    }),
  };
}

// A connection that breaks while it authenticates reports it more than once, and the client (2.12) listens once: the
// second report would end the process as an unhandled error event.
instancesChannel.subscribe((created) => {
  const { type, instance } = created as { type: string; instance: Connection };
  if (type === 'connection') instance.on('error', () => {});
});
