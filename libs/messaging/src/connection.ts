/** Where and as whom to reach Kafka. Without a username the connection is PLAINTEXT, else SASL SCRAM-SHA-512. */
export interface KafkaConnection {
  /** `host:port` of at least one broker. */
  brokers: string[];
  username?: string;
  password?: string;
  /** Shown in the broker's logs and quotas. */
  clientId: string;
}
