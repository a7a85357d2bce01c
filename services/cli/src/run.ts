import { EXIT, type ExitCode } from './exit-codes.js';
import { endingOf } from './failure.js';
import { sluiceProgram } from './program.js';
import { performing } from './session.js';
import { coloursFor, type Terminal } from './terminal.js';

/** One run of `sluice`: the only place where an error becomes a message and an exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const perform = performing(terminal, (settled) => {
    code = settled;
  });
  try {
    await sluiceProgram(perform, terminal).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    const { exitCode, message } = endingOf(error);
    const { red } = coloursFor(terminal, terminal.stderr);
    if (message !== undefined) terminal.stderr.write(`${red('sluice:')} ${message}\n`);
    return exitCode;
  }
}
