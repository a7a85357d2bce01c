import { Argument, Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { EXIT } from '../exit-codes.js';
import type { Perform } from '../session.js';
import { bashScript } from './bash.js';
import { completables } from './completable.js';
import { fishScript } from './fish.js';
import { zshScript } from './zsh.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export type Shell = keyof typeof SCRIPTS;

/** @param program whose commands are completed */
export function completionCommand(perform: Perform, program: Command): Command {
  return new Command('completion')
    .summary('a script that completes commands in your shell')
    .description('Prints a script that completes commands and options in your shell.')
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      examples(
        ['eval "$(sluice completion bash)"', 'in ~/.bashrc'],
        ['source <(sluice completion zsh)', 'in ~/.zshrc, after compinit'],
        ['sluice completion fish > ~/.config/fish/completions/sluice.fish'],
      ),
    )
    .action(
      perform(async (session, shell: Shell) => {
        await session.output.raw(SCRIPTS[shell](program.name(), completables(program)));
        return EXIT.done;
      }),
    );
}
