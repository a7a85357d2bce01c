import type { ConnectionOptions } from 'node:tls';
import { SluiceError } from '../errors.js';
import type { PrivateKey } from './agency-keys.js';
import type { FeedHandlers } from './lane-follower.js';
import type { PositionStore } from './position.js';

export interface SluiceFeedOptions extends FeedHandlers {
  /** `host:port` of Kafka's listener for agencies. */
  brokers: string[];
  /** Your agency's code; the feed is the topic `feed.<agency>`. */
  agency: string;
  /** Processes with the same group share the lanes. Default `<agency>.feed`; MUST start with `<agency>.`. */
  groupId?: string;
  /** A bearer JWT with audience `kafka`; asked for whenever a connection is made or must be renewed. */
  token: () => Promise<string>;
  /** The private key, or several while an old one is being replaced. */
  privateKey: PrivateKey | readonly PrivateKey[];
  positions: PositionStore;
  /** Trust and certificates; `true` for the system's trust store. Without it the connection is in clear text. */
  tls?: true | ConnectionOptions;
  /**
   * Told of everything that keeps deliveries from coming. A retryable one is repaired without you; after any other the
   * lane stands still until the process is restarted. MUST NOT throw.
   * @param lane absent when the whole feed is concerned
   */
  onFault(error: SluiceError, lane?: number): void;
}

/** @throws {SluiceError} `options-invalid` */
export function groupIdOf({ agency, groupId = `${agency}.feed` }: SluiceFeedOptions): string {
  if (!groupId.startsWith(`${agency}.`)) {
    throw new SluiceError('options-invalid', `the group id must start with "${agency}."`);
  }
  return groupId;
}
