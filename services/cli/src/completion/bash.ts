import { type Completable, type CompletableOption } from './completable.js';
import { optionsWithValue, pathsOf, quoted } from './script-parts.js';

/** A script for bash, to be evaluated. Where it knows no word, bash goes on with file names. */
export function bashScript(name: string, commands: readonly Completable[]): string {
  return `# Completion of ${name} for bash: eval "$(${name} completion bash)"
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${at:+$at }\${COMP_WORDS[i]}" in
      ${pathsOf(commands).map(quoted).join(' | ')}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$prev" in
${optionsWithValue(commands).map(valueCase).join('\n')}
  esac
  case "$at" in
${commands.map(wordsCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _${name} ${name}
`;
}

function valueCase({ flags, value }: CompletableOption): string {
  const words =
    value?.kind === 'choice' ? `COMPREPLY=($(compgen -W ${quoted(value.words.join(' '))} -- "$cur")); ` : '';
  return `    ${flags.join(' | ')}) ${words}return ;;`;
}

function wordsCase({ path, commands, options, argumentWords }: Completable): string {
  const words = [...commands.map(({ word }) => word), ...argumentWords, ...options.flatMap(({ flags }) => flags)];
  return `    ${quoted(path)}) words=${quoted(words.join(' '))} ;;`;
}
