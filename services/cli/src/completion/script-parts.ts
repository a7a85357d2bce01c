import type { Completable, CompletableOption } from './completable.js';

/** A word of a shell; none of our texts needs a single quote, and one that did would end the word early. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}

/** The words that lead to a command, for every command but the program itself. */
export function pathsOf(commands: readonly Completable[]): string[] {
  return commands.map(({ path }) => path).filter((path) => path !== '');
}

/** Options after which a value comes. A flag means the same wherever it is taken, so that one list does for all. */
export function optionsWithValue(commands: readonly Completable[]): CompletableOption[] {
  const options = new Map<string, CompletableOption>();
  for (const option of commands.flatMap((command) => command.options)) {
    if (option.value !== undefined) options.set(option.flags.join(' '), option);
  }
  return [...options.values()];
}
