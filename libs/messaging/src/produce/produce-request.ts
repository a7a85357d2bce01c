import { type Connection, initProducerIdV5, produceV11, ResponseError, Writer } from '@platformatic/kafka';
import { REQUEST_TIMEOUT_MS } from '../connection.js';
import type { Batch } from './partition-queue.js';

type ProduceResponse = ReturnType<typeof produceV11.parseResponse>;

const PRODUCE = 0;
const PRODUCE_VERSION = 11;
const ALL_REPLICAS = -1;
/** The broker answers within the client's own timeout, so that a slow replica is an answer and not a broken connection. */
const REPLICATION_TIMEOUT_MS = REQUEST_TIMEOUT_MS - 2_000;

/**
 * Sends one batch for each of several partitions; the answer is an error code for each, as `${topic}/${partition}`.
 * Rejects when there is no answer: then nothing is known of any of them.
 */
export async function produce(connection: Connection, batches: readonly Batch[]): Promise<Map<string, number>> {
  const byTopic = Map.groupBy(batches, (batch) => batch.queue.topic);
  const response = await new Promise<ProduceResponse>((resolve, reject) => {
    connection.send<ProduceResponse>(
      PRODUCE,
      PRODUCE_VERSION,
      () =>
        Writer.create()
          .appendString(null)
          .appendInt16(ALL_REPLICAS)
          .appendInt32(REPLICATION_TIMEOUT_MS)
          .appendArray([...byTopic], (topicWriter, [topic, ofTopic]) => {
            topicWriter.appendString(topic).appendArray(ofTopic, (writer, { queue, bytes }) => {
              writer
                .appendInt32(queue.partition)
                .appendUnsignedVarInt(bytes.length + 1)
                .append(bytes);
            });
          })
          .appendTaggedFields(),
      produceV11.parseResponse,
      true,
      true,
      (error, answer) => {
        if (!error) return resolve(answer!);
        // A response with an error for any partition is thrown by the parser; the codes of all are in it.
        if (error instanceof ResponseError && isProduceResponse(error)) return resolve(error.response);
        reject(error);
      },
    );
  });
  const codes = new Map<string, number>();
  for (const { name, partitionResponses } of response.responses) {
    for (const { index, errorCode } of partitionResponses) codes.set(`${name}/${index}`, errorCode);
  }
  return codes;
}

function isProduceResponse(error: ResponseError): error is ResponseError & { response: ProduceResponse } {
  return Array.isArray((error as { response?: { responses?: unknown } }).response?.responses);
}

/** A producer id of the cluster's, never given to another producer. */
export async function newProducerId(connection: Connection): Promise<bigint> {
  const response = await initProducerIdV5.api.async(connection, null, REQUEST_TIMEOUT_MS, -1n, -1);
  return response.producerId;
}
