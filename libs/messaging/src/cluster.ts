import {
  Base,
  type ClusterMetadata,
  type ClusterTopicMetadata,
  type Connection,
  findErrorBy,
} from '@platformatic/kafka';
import { clientOptions, type KafkaConnection } from './connection.js';
import { MessagingError } from './errors.js';

/**
 * Which broker leads what, and connections to them: what the producer and the puller share.
 * Knows nothing of retrying; callers do, because only they know what a retry may repeat.
 */
export class Cluster {
  readonly #client: Base;
  readonly #topics = new Map<string, ClusterTopicMetadata>();
  #brokers: ClusterMetadata['brokers'] = new Map();

  constructor(connection: KafkaConnection) {
    // Topics are cached here until a broker says that they are stale, so the client need not age them.
    this.#client = new Base({ ...clientOptions(connection), retries: 0, metadataMaxAge: 0 });
  }

  /** What was last known of a topic. */
  topic(name: string): ClusterTopicMetadata | undefined {
    return this.#topics.get(name);
  }

  /** Asks the brokers about one topic. A topic that is unknown or between leaders is a rejection. */
  async refresh(name: string): Promise<ClusterTopicMetadata> {
    try {
      const metadata = await this.#client.metadata({ topics: [name], forceUpdate: true });
      const topic = metadata.topics.get(name);
      if (!topic) throw new MessagingError('unknown-topic', `topic ${name} does not exist`);
      this.#brokers = metadata.brokers;
      this.#topics.set(name, topic);
      return topic;
    } catch (error) {
      this.#topics.delete(name);
      throw asMessagingError(error, name);
    }
  }

  /** Forgets a topic that a broker answered it no longer leads, or no longer knows. */
  forget(name: string): void {
    this.#topics.delete(name);
  }

  async connectionTo(node: number): Promise<Connection> {
    const broker = this.#brokers.get(node);
    if (!broker) throw new MessagingError('unreachable', `broker ${node} is not in the cluster's metadata`);
    try {
      return await this.#client.connections.get(broker);
    } catch (error) {
      throw asMessagingError(error);
    }
  }

  /** A connection to any broker, for requests that every broker answers. */
  async anyConnection(): Promise<Connection> {
    try {
      const { brokers } = await this.#client.metadata({ topics: [] });
      return await this.#client.connections.getFirstAvailable([...brokers.values()]);
    } catch (error) {
      throw asMessagingError(error);
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

function asMessagingError(error: unknown, topic?: string): MessagingError {
  if (error instanceof MessagingError) return error;
  const cause = error instanceof Error ? error : undefined;
  if (cause && isCredentialsRefused(cause)) {
    return new MessagingError('not-authorised', 'the broker refused the credentials', { cause });
  }
  if (cause && findErrorBy(cause, 'apiId', 'TOPIC_AUTHORIZATION_FAILED')) {
    return new MessagingError('not-authorised', `the broker refused access to topic ${topic}`, { cause });
  }
  // The client turns UNKNOWN_TOPIC_OR_PARTITION into a user error of its own.
  if (topic !== undefined && cause && findErrorBy(cause, 'code', 'PLT_KFK_USER')) {
    return new MessagingError('unknown-topic', `topic ${topic} does not exist`, { cause });
  }
  return new MessagingError('unreachable', 'no broker answered', { cause });
}

/** The client speaks of failed authentication also when the connection only broke meanwhile; the broker's word counts. */
function isCredentialsRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (findErrorBy(error, 'apiId', 'SASL_AUTHENTICATION_FAILED')) return true;
  if (findErrorBy(error, 'apiId', 'UNSUPPORTED_SASL_MECHANISM')) return true;
  const inner = error instanceof AggregateError ? error.errors : [];
  return [error.cause, ...inner].some(isCredentialsRefused);
}
