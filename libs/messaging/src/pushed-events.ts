import type { LoggerService } from '@nestjs/common';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { Pool } from 'pg';
import type { KafkaConnection } from './connection.js';

/** Second argument of `@EventPattern` for events that stop something: they are handled even when their key is parked. */
export const STOPS = { stops: true } as const;

export interface PushedEventsOptions {
  connection: KafkaConnection;
  groupId: string;
  topics: string[];
  /** For the table of parked messages (`libs/messaging/migrations`). */
  pool: Pool;
  schema: string;
  /** Receives what the Kafka client and this transport report; nothing is logged without it. */
  logger?: Pick<LoggerService, 'log' | 'warn' | 'error'>;
}

/** Nest microservice strategy: `@EventPattern('<CloudEvents type>')` handlers get an `IncomingEvent`, in order per partition. */
export class PushedEvents extends Server implements CustomTransportStrategy {
  constructor(readonly config: PushedEventsOptions) {
    super();
  }
  listen(_callback: (error?: unknown) => void): void {
    throw new Error('not built yet');
  }
  close(): Promise<void> {
    throw new Error('not built yet');
  }
  override on(): never {
    throw new Error('not built yet');
  }
  override unwrap(): never {
    throw new Error('not built yet');
  }
}
