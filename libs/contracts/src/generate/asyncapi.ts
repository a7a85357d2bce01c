import type { z } from 'zod';
import { accessEvents } from '../events/access.js';
import { auditEvents } from '../events/audit.js';
import { caseEvents } from '../events/cases.js';
import { consentEvents } from '../events/consent.js';
import { fenceEvents, LEDGER_BATCH } from '../events/delivery.js';
import {
  BLOCK_CONTENT,
  FEED_HEADER,
  HEADER,
  JSON_CONTENT,
  LEDGER_CONTENT,
  SEALED_CONTENT,
} from '../events/envelope.js';
import { feedEvents } from '../events/feed.js';
import { REGISTRY_EVENT_TYPES } from '../events/registry.js';
import { vettingEvents } from '../events/vetting.js';
import { TOPICS, type TopicContract } from '../topics.js';
import { schemaOf } from './openapi.js';

type Json = Record<string, unknown>;

const headers = (names: readonly string[]): Json => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
});

const shortName = (type: string): string =>
  type.replace(/^sluice\./, '').replaceAll(/[.-](\w)/g, (_, c: string) => c.toUpperCase());

const jsonMessages = (events: Record<string, z.ZodType>): Json =>
  Object.fromEntries(
    Object.entries(events).map(([type, schema]) => [
      shortName(type),
      {
        name: type,
        contentType: JSON_CONTENT,
        headers: headers(Object.values(HEADER)),
        payload: schemaOf(schema, 'output'),
      },
    ]),
  );

const binaryMessages = (types: readonly string[], contentType: string, description: string): Json =>
  Object.fromEntries(
    types.map((type) => [
      shortName(type),
      {
        name: type,
        contentType,
        description,
        headers: headers(Object.values(HEADER)),
        payload: { type: 'string', contentEncoding: 'binary' },
      },
    ]),
  );

/** The AsyncAPI 3.0 document of all topics, and of an agency’s feed. */
export function asyncApi(): Json {
  const messages: Record<keyof typeof TOPICS, Json> = {
    registry: binaryMessages(REGISTRY_EVENT_TYPES, SEALED_CONTENT, 'A sealed change; layout in codec/sealed-change.'),
    consent: jsonMessages(consentEvents),
    vetting: jsonMessages(vettingEvents),
    ledger: binaryMessages([LEDGER_BATCH], LEDGER_CONTENT, 'One decided batch; layout in codec/ledger-batch.'),
    fences: jsonMessages(fenceEvents),
    access: jsonMessages(accessEvents),
    cases: jsonMessages(caseEvents),
    checkpoints: jsonMessages(auditEvents),
  };
  const channels: Json = {};
  const operations: Json = {};
  for (const [key, topic] of Object.entries(TOPICS) as [keyof typeof TOPICS, TopicContract][]) {
    channels[key] = {
      address: topic.name,
      description: `${topic.description} Written by ${topic.writers.join(', ')}; read by ${topic.readers.join(', ')}.`,
      messages: messages[key],
      bindings: {
        kafka: { partitions: topic.partitions, topicConfiguration: { 'retention.ms': topic.retentionMs ?? -1 } },
      },
    };
    operations[`publish${key[0]!.toUpperCase()}${key.slice(1)}`] = {
      action: 'send',
      channel: { $ref: `#/channels/${key}` },
    };
  }
  channels.feed = feedChannel();
  operations.receiveFeed = { action: 'receive', channel: { $ref: '#/channels/feed' } };
  return {
    asyncapi: '3.0.0',
    info: { title: 'Sluice topics', version: '1', description: 'CloudEvents 1.0 in Kafka’s binary mode.' },
    channels,
    operations,
  };
}

function feedChannel(): Json {
  return {
    address: 'feed.{agency}',
    description:
      'The feed of one agency. A record is a block: a JSON array of CloudEvents, encrypted to the agency (AES-256-GCM, nonce u32 lane | u64 first sequence, additional data feed.{agency}|lane|first|count|previous).',
    parameters: { agency: { description: 'The agency’s code.' } },
    messages: {
      block: {
        name: 'block',
        contentType: BLOCK_CONTENT,
        headers: headers(Object.values(FEED_HEADER)),
        payload: {
          type: 'array',
          items: {
            oneOf: Object.entries(feedEvents).map(([type, schema]) => ({
              type: 'object',
              title: type,
              properties: {
                type: { const: type },
                replay: { type: 'string', format: 'uuid', description: 'Of a delivery that is sent once more.' },
                data: schemaOf(schema, 'output'),
              },
            })),
          },
        },
      },
    },
  };
}
