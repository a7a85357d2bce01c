import { PassThrough, Writable } from 'node:stream';
import { run } from '../../../services/cli/src/run.js';

export interface CliRun {
  code: number;
  out: string;
  err: string;
}

/** Runs a command line as its users do, but in this process: a hundred starts of Node would be most of a test's time. */
export async function sluice(args: readonly string[]): Promise<CliRun> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const code = await run(args, { stdin: new PassThrough(), stdout, stderr, env: {} });
  return { code, out: stdout.text, err: stderr.text };
}

class Captured extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
