import type { Command, Option } from 'commander';

/** A value that an option takes: one of a few words, a file, or what only the user knows. */
export type CompletableValue = { kind: 'choice'; words: readonly string[] } | { kind: 'file' } | { kind: 'other' };

export interface CompletableOption {
  /** `-o` and `--output`. */
  flags: string[];
  help: string;
  /** Absent if it takes none. */
  value?: CompletableValue;
}

/** A command as shells complete it. */
export interface Completable {
  /** The words that lead to it, `parked retry`; empty for the program itself. */
  path: string;
  commands: { word: string; help: string }[];
  /** Its own, and those that every command takes. */
  options: CompletableOption[];
  /** Words that its first argument can be. */
  argumentWords: readonly string[];
  takesFiles: boolean;
}

/** Names of arguments and values that stand for a file or a folder. */
const FILES = new Set(['file', 'folder', 'vkey', 'place', 'source', 'old', 'new']);

/** The program and all its commands. */
export function completables(program: Command): Completable[] {
  const global = program.options.map(completableOption);
  const walk = (command: Command, path: readonly string[]): Completable[] => [
    completable(
      command,
      path.join(' '),
      path.length === 0 ? global : [...command.options.map(completableOption), ...global],
    ),
    ...command.commands.flatMap((child) => walk(child, [...path, child.name()])),
  ];
  return walk(program, []);
}

function completable(command: Command, path: string, options: CompletableOption[]): Completable {
  return {
    path,
    commands: command.commands.map((child) => ({ word: child.name(), help: firstSentence(child) })),
    options: [...options, { flags: ['-h', '--help'], help: 'how to use it' }],
    argumentWords: command.registeredArguments[0]?.argChoices ?? [],
    takesFiles: command.registeredArguments.some((argument) => FILES.has(argument.name())),
  };
}

function completableOption(option: Option): CompletableOption {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined);
  const value = valueTaken(option);
  return { flags, help: option.description, ...(value && { value }) };
}

function valueTaken({ argChoices, flags, required }: Option): CompletableValue | undefined {
  if (!required) return undefined;
  if (argChoices !== undefined) return { kind: 'choice', words: argChoices };
  return { kind: FILES.has(/<(\w+)>/.exec(flags)?.[1] ?? '') ? 'file' : 'other' };
}

function firstSentence(command: Command): string {
  return (command.summary() || command.description()).split(/[.\n]/, 1)[0] as string;
}
