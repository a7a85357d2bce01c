import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addGlobalOptions } from './access/global-options.js';
import { completionCommand } from './completion/completion.command.js';
import { doctorCommand } from './doctor/doctor.command.js';
import { figuresCommand } from './figures/figures.command.js';
import { historyCommand } from './history/history.command.js';
import { lagCommand } from './lag/lag.command.js';
import { logCommand } from './log/log.command.js';
import { parkedCommand } from './parked/parked.command.js';
import { replayCommand } from './replay/replay.command.js';
import type { Perform } from './session.js';
import { showsColour, type Terminal } from './terminal.js';
import { verifyCommand } from './verify/verify.command.js';

const EXIT_CODES = `
Exit codes:
  0 done   1 error   2 usage   3 verification failed   4 not allowed   5 not found
  6 refused by policy   7 partly done
`;

/** Every command, one line each. */
export function sluiceProgram(perform: Perform, terminal: Terminal): Command {
  const program = addGlobalOptions(new Command('sluice'))
    .description('For those who run Sluice, and those who check it.')
    .version(packageVersion(), '-V, --version')
    .addCommand(doctorCommand(perform))
    .addCommand(lagCommand(perform))
    .addCommand(parkedCommand(perform))
    .addCommand(historyCommand(perform))
    .addCommand(figuresCommand(perform))
    .addCommand(logCommand(perform))
    .addCommand(verifyCommand(perform))
    .addCommand(replayCommand(perform))
    .addHelpText('after', EXIT_CODES);
  program.addCommand(completionCommand(perform, program));
  settle(program, terminal);
  return program;
}

/** Commander passes these on only to commands that it makes itself. */
function settle(command: Command, terminal: Terminal): void {
  command
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHasColors: () => showsColour(terminal, terminal.stdout),
      getErrHasColors: () => showsColour(terminal, terminal.stderr),
    });
  for (const child of command.commands) settle(child, terminal);
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
