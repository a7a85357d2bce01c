import { randomUUID } from 'node:crypto';
import { Controller, type Type, UseFilters } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, type MicroserviceOptions } from '@nestjs/microservices';
import { uniquePrefix } from '@sluice/local-stack';
import type { KafkaConnection } from '../connection.js';
import { ParkedMessages } from '../parked/parked-messages.js';
import { createRecordProducer } from '../produce/queued-producer.js';
import { HandlerFailures } from '../push/failure-filter.js';
import { kafkaJs } from '../push/kafkajs-client.js';
import { PushedEvents, STOPS } from '../push/pushed-events.js';
import { ensureTopics } from '../topics.js';
import type { Handlers, PublishedEvent, PushedShape } from './pushed-events.contract.js';
import { createTestSchema } from './test-schema.js';

/** `PushedEvents` in a Nest application, on a real broker and database. */
export async function kafkaShape(connection: KafkaConnection, pgUrl: string): Promise<PushedShape> {
  const { pool, schema, drop } = await createTestSchema(pgUrl);
  const producer = createRecordProducer(connection);
  const admin = kafkaJs(connection, undefined).admin();
  await admin.connect();
  const prefix = uniquePrefix();
  const versions = new Map<string, number>();
  let names = 0;
  return {
    parked: new ParkedMessages(pool, schema),
    freshGroup: () => `${prefix}group-${names++}`,
    makeTopic: async (partitions) => {
      const topic = `${prefix}topic-${names++}`;
      await ensureTopics(connection, [{ topic, partitions }]);
      return topic;
    },
    publish: (events) => producer.send(events.map((event) => toRecord(event, versions))),
    run: async (groupId, topics, handlers) => {
      const strategy = new PushedEvents({ connection, groupId, topics, pool, schema });
      const app = await NestFactory.createMicroservice<MicroserviceOptions>(moduleOf(handlers), {
        strategy,
        logger: false,
      });
      await app.listen();
      return { stop: () => app.close() };
    },
    committed: async (groupId, topic) => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return found!.partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
    },
    rewind: async (groupId, topic) => {
      await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] });
    },
    tearDown: async () => {
      await producer.close();
      await admin.disconnect();
      await drop();
    },
  };
}

function toRecord(event: PublishedEvent, versions: Map<string, number>) {
  const { topic, partition, key, type, data, headers } = event;
  const version = (versions.get(`${topic} ${key}`) ?? 0) + 1;
  versions.set(`${topic} ${key}`, version);
  return {
    topic,
    partition,
    key: Buffer.from(key),
    value: Buffer.from(JSON.stringify(data)),
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: randomUUID(),
      ce_source: '/test',
      ce_type: type,
      ce_time: new Date().toISOString(),
      ce_partitionkey: key,
      ce_sequence: String(version),
      ce_correlationid: randomUUID(),
      ...headers,
    },
  };
}

/** A module with one controller, as a service would write it, with a method for each type. */
function moduleOf({ on, stops = {}, filtered = true }: Handlers): Type {
  class Handling {}
  const add = (type: string, handle: (event: never) => unknown, extras: object) => {
    Object.defineProperty(Handling.prototype, type, { value: handle, configurable: true, writable: true });
    EventPattern(type, extras)(Handling.prototype, type, Object.getOwnPropertyDescriptor(Handling.prototype, type)!);
  };
  for (const [type, handle] of Object.entries(on)) add(type, handle, {});
  for (const [type, handle] of Object.entries(stops)) add(type, handle, STOPS);
  Controller()(Handling);
  if (filtered) UseFilters(HandlerFailures)(Handling);
  class HandlingModule {}
  Reflect.defineMetadata('controllers', [Handling], HandlingModule);
  return HandlingModule;
}
