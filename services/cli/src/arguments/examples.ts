/** What goes under a command's help. Each example is a command line and, where it is not plain, why one would type it. */
export function examples(...lines: readonly (readonly [command: string, why?: string])[]): string {
  const shown = lines.map(([command, why]) => (why === undefined ? `  ${command}` : `  # ${why}\n  ${command}`));
  return `\nExamples:\n${shown.join('\n')}\n`;
}
