import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';

/** In a process of its own: in this one another client of kafkajs may have mended it already. */
function warningsOfAQueue(first: string): string {
  const script = `
    import { correctRequestQueue } from ${JSON.stringify(new URL('./kafkajs-request-queue.ts', import.meta.url))};
    import RequestQueue from ${JSON.stringify(createRequire(import.meta.url).resolve('kafkajs/src/network/requestQueue'))};
    ${first};
    const logger = { namespace: () => ({ isDebug: false }) };
    const queue = new RequestQueue({ maxInFlightRequests: 1, clientId: 'test', broker: 'none', logger });
    queue.scheduleCheckPendingRequests();
    setTimeout(() => queue.destroy(), 50);`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stderr;
}

test('an empty queue of kafkajs sets no timer in the past, and nobody is warned of one', () => {
  expect(warningsOfAQueue('')).toContain('TimeoutNegativeWarning');
  expect(warningsOfAQueue('correctRequestQueue()')).not.toContain('Warning');
});
