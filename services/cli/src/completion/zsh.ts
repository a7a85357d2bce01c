import type { Completable, CompletableOption } from './completable.js';
import { optionsWithValue, pathsOf, quoted } from './script-parts.js';

/** A script for zsh, to be sourced after compinit. */
export function zshScript(name: string, commands: readonly Completable[]): string {
  return `# Completion of ${name} for zsh: source <(${name} completion zsh)
_${name}() {
  local at='' i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    case "\${at:+$at }\${words[i]}" in
      ${pathsOf(commands).map(quoted).join(' | ')}) at="\${at:+$at }\${words[i]}" ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
${optionsWithValue(commands).map(valueCase).join('\n')}
  esac
  case "$at" in
${commands.map(wordsCase).join('\n')}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe option options
  elif (( \${#commands} )); then
    _describe command commands
  else
    _files
  fi
}
compdef _${name} ${name}
`;
}

function valueCase({ flags, value }: CompletableOption): string {
  const act =
    value?.kind === 'choice' ? `compadd -- ${value.words.join(' ')}; ` : value?.kind === 'file' ? '_files; ' : '';
  return `    ${flags.join(' | ')}) ${act}return ;;`;
}

function wordsCase({ path, commands, options, argumentWords }: Completable): string {
  const words = [...commands, ...argumentWords.map((word) => ({ word, help: '' }))].map(({ word, help }) =>
    described(word, help),
  );
  const flags = options.flatMap((option) => option.flags.map((flag) => described(flag, option.help)));
  return `    ${quoted(path)}) commands=(${words.join(' ')}) options=(${flags.join(' ')}) ;;`;
}

/** What stands before the first colon is the word. */
function described(word: string, help: string): string {
  return quoted(help === '' ? word : `${word}:${help}`);
}
