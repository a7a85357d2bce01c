import { Readable } from 'node:stream';
import { type Filing, FilingHalted, resultLine } from './filing.js';
import { Disconnected } from './incoming-lines.js';

/**
 * The answer to a filing as a stream that is read at the reader's pace: the next batch is applied when this one's
 * results are on their way. Resolves after the first batch, so that what goes wrong before is an answer of its own;
 * what goes wrong later is the last line, whose problem is then one of the filing and not of that line.
 * `onEnd` is called once, with what went wrong, if anything did.
 * @throws FilingHalted before the first result
 */
export async function resultStream(filing: Filing, onEnd: (failure?: unknown) => void): Promise<Readable> {
  const results = withEnding(filing, onEnd);
  let first: IteratorResult<Buffer, void> | undefined = await results.next();
  return Readable.from({
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const result = first ?? (await results.next());
        first = undefined;
        return result;
      },
      return: () => results.return(),
    }),
  });
}

async function* withEnding(filing: Filing, onEnd: (failure?: unknown) => void): AsyncGenerator<Buffer, void> {
  let begun = false;
  let failure: unknown;
  try {
    for await (const batch of filing.results()) {
      yield batch;
      begun = true;
    }
  } catch (error) {
    // Nobody is there to be told; what was committed is in the filing's state.
    if (error instanceof Disconnected) return;
    failure = error;
    if (!begun || !(error instanceof FilingHalted)) throw error;
    yield Buffer.from(resultLine(filing.line, { status: 'refused', problem: error.code }));
  } finally {
    onEnd(failure);
  }
}
