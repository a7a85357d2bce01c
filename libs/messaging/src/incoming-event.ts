/** An event of one of Sluice's own topics, as handlers of pushed events receive it. */
export interface IncomingEvent {
  /** CloudEvents `id` (uuid), the same on every delivery of this event. */
  id: string;
  /** CloudEvents `type`, with its version: `sluice.consent.grant-given.v1`. */
  type: string;
  source: string;
  time: Date;
  /** The stream (subject, agency ...) the event belongs to, the record's key: uuid text. */
  stream: string;
  /** The stream's version after this event, from 1. */
  version: number;
  correlationId: string;
  causationId?: string;
  traceparent?: string;
  contentType: string;
  payload: Buffer;
  /** The payload parsed as JSON; throws `Poison` where it is none. */
  json<T>(): T;
  topic: string;
  partition: number;
  offset: bigint;
}
