import type { Command } from 'commander';
import { Access } from './access/access.js';
import type { GlobalOptions } from './access/global-options.js';
import { ServiceClient } from './access/service-client.js';
import type { ExitCode } from './exit-codes.js';
import { Output } from './output/output.js';
import type { Terminal } from './terminal.js';

/** What a command works with. */
export class Session {
  readonly output: Output;
  readonly #options: GlobalOptions;

  constructor(
    readonly terminal: Terminal,
    options: GlobalOptions,
  ) {
    this.#options = options;
    this.output = new Output(terminal, options.output);
  }

  /** @throws {Failure} when nothing says where the services are */
  services(): ServiceClient {
    return new ServiceClient(Access.of(this.#options));
  }

  /** A line beside the result. */
  note(line: string): void {
    this.terminal.stderr.write(`${line}\n`);
  }
}

/** Makes a commander action of a command: `act` gets the session, then the arguments and the command's own options. */
export type Perform = <A extends unknown[]>(
  act: (session: Session, ...args: A) => Promise<ExitCode>,
) => (...args: [...A, Command]) => Promise<void>;

/** @param settle hears how the command ended */
export function performing(terminal: Terminal, settle: (code: ExitCode) => void): Perform {
  return <A extends unknown[]>(act: (session: Session, ...args: A) => Promise<ExitCode>) =>
    async (...args: [...A, Command]) => {
      const command = args.at(-1) as Command;
      const session = new Session(terminal, command.optsWithGlobals<GlobalOptions>());
      settle(await act(session, ...(args.slice(0, -1) as A)));
    };
}
