import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { IncomingLines } from './incoming-lines.js';

/** A body of chunks that counts what was asked of it. */
function body(chunks: readonly Buffer[]) {
  let given = 0;
  const readable = new Readable({
    highWaterMark: 1,
    read() {
      this.push(chunks[given++] ?? null);
    },
  });
  return { readable, given: () => given };
}

async function all(lines: IncomingLines): Promise<string[]> {
  const texts: string[] = [];
  for (let some = await lines.take(3); some.length > 0; some = await lines.take(3)) {
    texts.push(...some.map((line) => (line === 'too-long' ? line : line.toString())));
  }
  return texts;
}

test('no more is read than may wait, be the lines few and long or many and empty', async () => {
  const long = Array.from({ length: 50 }, (_, i) => Buffer.from(`${String(i).padStart(10_000, 'x')}\n`));
  const empty = Array.from({ length: 50 }, () => Buffer.from('\n'.repeat(1_000)));
  for (const chunks of [long, empty]) {
    const { readable, given } = body(chunks);
    const lines = new IncomingLines(readable, 200_000);
    await sleep(100);
    expect(given()).toBeGreaterThan(1);
    expect(given()).toBeLessThan(25);
    expect(await all(lines)).toEqual(Buffer.concat(chunks).toString().split('\n').slice(0, -1));
  }
});
