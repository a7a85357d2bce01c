import type { Completable, CompletableOption } from './completable.js';
import { pathsOf, quoted } from './script-parts.js';

/** A script for fish, to be sourced. */
export function fishScript(name: string, commands: readonly Completable[]): string {
  return `# Completion of ${name} for fish: ${name} completion fish | source
function __${name}_at
    set -l at
    for word in (commandline -opc)[2..]
        switch "$at $word"
            case ${pathsOf(commands)
              .map((path) => quoted(` ${path}`))
              .join(' ')}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c ${name} -f
${commands.flatMap((command) => lines(name, command)).join('\n')}
`;
}

function lines(name: string, { path, commands, options, argumentWords, takesFiles }: Completable): string[] {
  const at = path === '' ? '' : ` ${path}`;
  const start = `complete -c ${name} -n ${quoted(`__${name}_at "${at}"`)}`;
  return [
    ...commands.map(({ word, help }) => `${start} -a ${word} -d ${quoted(help)}`),
    ...argumentWords.map((word) => `${start} -a ${word}`),
    ...(takesFiles ? [`${start} -F`] : []),
    ...options.map((option) => `${start} ${optionOf(option)}`),
  ];
}

function optionOf({ flags, help, value }: CompletableOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const takes =
    value === undefined
      ? []
      : value.kind === 'choice'
        ? ['-x', '-a', quoted(value.words.join(' '))]
        : [value.kind === 'file' ? '-r -F' : '-x'];
  return [...names, ...takes, '-d', quoted(help)].join(' ');
}
