import { PassThrough, Writable } from 'node:stream';
import type { ExitCode } from '../exit-codes.js';
import { run } from '../run.js';
import type { Terminal } from '../terminal.js';

export interface Ran {
  code: ExitCode;
  out: string;
  err: string;
}

/** Runs a command line in this process, without a terminal. @param env all of its environment */
export async function runSluice(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const code = await run(args, { stdin: new PassThrough(), stdout, stderr, env } satisfies Terminal);
  return { code, out: stdout.text, err: stderr.text };
}

/** Keeps what is written. */
export class Captured extends Writable {
  text = '';
  isTTY = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}
