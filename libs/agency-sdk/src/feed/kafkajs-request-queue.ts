import { createRequire } from 'node:module';

interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

let corrected = false;

/**
 * kafkajs 2.2.4 sets a timer with a negative delay whenever its queue is empty, and Node 24 prints a
 * TimeoutNegativeWarning for it into our users' output. There is nothing to check in an empty queue, so no timer is set.
 */
export function correctRequestQueue(): void {
  if (corrected) return;
  corrected = true;
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue;
  };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
}
