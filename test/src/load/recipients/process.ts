// The recipients' side as a process of its own: three agencies, each reading its feed with the SDK.
import { Latencies } from '../measure/latencies.js';
import { serve } from '../workers/serve.js';
import { KeptPositions } from './kept-positions.js';
import { Reader, type ReaderPlan, type Span } from './reader.js';

let readers: Reader[] = [];
let measured: (Span & { latencies: Latencies }) | undefined;

const handlers = {
  /** Begins where the positions in the files say. */
  async start(plans: (ReaderPlan & { positionsFile: string })[]): Promise<void> {
    readers = plans.map((plan) => new Reader(plan, new KeptPositions(plan.positionsFile), () => measured));
    await Promise.all(readers.map((reader) => reader.start()));
  },
  /** From now on, latencies of this span and no other. */
  measure(span: Span): void {
    measured = { ...span, latencies: new Latencies() };
  },
  latency: () => measured!.latencies.summary(),
  /** Changes that each has received since it started. */
  received: () => readers.map(({ received }) => received),
  sequences: () => readers.map(({ sequences }) => sequences),
  faults: () => readers.flatMap(({ faults }) => faults),
  async stop(): Promise<void> {
    await Promise.all(readers.map((reader) => reader.stop()));
  },
};
export type RecipientsHandlers = typeof handlers;

serve(handlers, () => {
  for (const reader of readers) reader.keepPositions();
});
