/**
 * Runs `fetch` for 0 ... count-1 with up to `window` under way, and hands the results out in order: reading goes on while
 * the caller computes, in bounded memory.
 */
export async function* ahead<T>(
  count: number,
  window: number,
  fetch: (index: number) => Promise<T>,
): AsyncGenerator<T> {
  const pending: Promise<T>[] = [];
  let next = 0;
  try {
    for (let index = 0; index < count; index++) {
      while (next < count && pending.length < window) {
        const fetched = fetch(next++);
        fetched.catch(() => undefined); // it is thrown when its turn comes
        pending.push(fetched);
      }
      yield await (pending.shift() as Promise<T>);
    }
  } finally {
    // Whoever stops early still owns what is under way; its failures no longer matter to anyone.
    await Promise.allSettled(pending);
  }
}
