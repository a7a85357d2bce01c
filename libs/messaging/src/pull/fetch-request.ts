import { type Connection, fetchV17, type Reader } from '@platformatic/kafka';
import { ByteCursor } from './byte-cursor.js';

const FETCH = 1;
const FETCH_VERSION = 17;
const READ_UNCOMMITTED = 0;
const NO_SESSION = 0;
/** Tells the broker to keep no session: it then reads the partitions in the order of the request. */
const FULL_FETCH = -1;

export interface FetchPartition {
  topicId: string;
  partition: number;
  offset: bigint;
  maxBytes: number;
}

export interface FetchedPartition {
  errorCode: number;
  highWatermark: bigint;
  logStart: bigint;
  /** Record batches as they lie in the log; the last may be cut off. */
  batches: Buffer;
}

export interface FetchLimits {
  maxWaitMs: number;
  minBytes: number;
}

/**
 * One fetch of several partitions; the answer is keyed `${topicId}/${partition}`.
 * Rejects when there is no answer, or an error code for the request as a whole.
 */
export async function fetchPartitions(
  connection: Connection,
  wants: readonly FetchPartition[],
  { maxWaitMs, minBytes }: FetchLimits,
): Promise<Map<string, FetchedPartition>> {
  const topics = [...Map.groupBy(wants, (want) => want.topicId)].map(([topicId, ofTopic]) => ({
    topicId,
    partitions: ofTopic.map(({ partition, offset, maxBytes }) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      lastFetchedEpoch: -1,
      partitionMaxBytes: maxBytes,
    })),
  }));
  const maxBytes = wants.reduce((sum, want) => sum + want.maxBytes, 0);
  return new Promise((resolve, reject) => {
    connection.send<Map<string, FetchedPartition>>(
      FETCH,
      FETCH_VERSION,
      () =>
        fetchV17.createRequest(maxWaitMs, minBytes, maxBytes, READ_UNCOMMITTED, NO_SESSION, FULL_FETCH, topics, [], ''),
      (_correlationId, _key, _version, reader) => parseResponse(reader),
      true,
      true,
      (error, answer) => (error ? reject(error) : resolve(answer!)),
    );
  });
}

/** Fetch Response (Version: 17), see https://kafka.apache.org/protocol#The_Messages_Fetch. */
function parseResponse(reader: Reader): Map<string, FetchedPartition> {
  const cursor = new ByteCursor(reader.buffer.slice(reader.position));
  cursor.int32(); // throttle time
  const requestError = cursor.int16();
  if (requestError !== 0) throw new Error(`fetch failed with error code ${requestError}`);
  cursor.int32(); // session
  const fetched = new Map<string, FetchedPartition>();
  for (let topics = cursor.arrayLength(); topics > 0; topics--) {
    const topicId = cursor.uuid();
    for (let partitions = cursor.arrayLength(); partitions > 0; partitions--) {
      const partition = cursor.int32();
      fetched.set(`${topicId}/${partition}`, parsePartition(cursor));
    }
    cursor.skipTaggedFields();
  }
  return fetched;
}

function parsePartition(cursor: ByteCursor): FetchedPartition {
  const errorCode = cursor.int16();
  const highWatermark = cursor.int64();
  cursor.int64(); // last stable offset
  const logStart = cursor.int64();
  for (let aborted = cursor.arrayLength(); aborted > 0; aborted--) {
    cursor.at += 16; // producer id, first offset
    cursor.skipTaggedFields();
  }
  cursor.int32(); // preferred read replica
  const length = cursor.arrayLength();
  const batches = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  cursor.skipTaggedFields();
  return { errorCode, highWatermark, logStart, batches };
}
