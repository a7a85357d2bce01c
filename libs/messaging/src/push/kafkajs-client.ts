import type { LoggerService } from '@nestjs/common';
import { Kafka, type LogEntry, logLevel } from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { type KafkaConnection, REQUEST_TIMEOUT_MS } from '../connection.js';

export type MessagingLogger = Pick<LoggerService, 'log' | 'warn' | 'error'>;

/** The connection as a kafkajs client whose warnings and errors go to the logger. */
export function kafkaJs(connection: KafkaConnection, logger: MessagingLogger | undefined): Kafka {
  return new Kafka({
    clientId: connection.clientId,
    brokers: connection.brokers,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Short, because kafkajs cannot be told to stop retrying; who uses it begins again after that.
    retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 2_000 },
    logLevel: logger ? logLevel.WARN : logLevel.NOTHING,
    logCreator: () => (entry) => logger && forward(entry, logger),
    ...(connection.username !== undefined && {
      sasl: { mechanism: 'scram-sha-512', username: connection.username, password: connection.password ?? '' },
    }),
  });
}

function forward({ level, namespace, log }: LogEntry, logger: MessagingLogger): void {
  const { message, error } = log;
  const line = `kafka ${namespace}: ${message}${error ? ` (${error})` : ''}`;
  if (level === logLevel.ERROR) logger.error(line);
  else logger.warn(line);
}

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

/**
 * kafkajs 2.2.4 asks for a timer in the past after every response, which newer Node reports as a
 * TimeoutNegativeWarning and which wakes the process for nothing. This is the method as it was meant: a timer only
 * while requests wait, at the end of the throttling.
 */
Object.assign(RequestQueue.prototype, {
  scheduleCheckPendingRequests(this: Queue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      Math.max(this.throttledUntil - Date.now(), 10),
    );
  },
});
