import { SERVICES, type ServiceName } from '@sluice/contracts';
import { type Command, Option } from 'commander';
import { OUTPUT_FORMATS, type OutputFormat } from '../output/output.js';

/** Options that every command takes, before or after its name. */
export type GlobalOptions = { output: OutputFormat; dataDir?: string; token?: string } & {
  [S in ServiceName as `${S}Url`]?: string;
};

export const DEFAULT_DATA_DIR = '.sluice';

/** Only commander reads these from the environment, so that its help names them. */
export function addGlobalOptions(program: Command): Command {
  program
    .addOption(new Option('-o, --output <form>', 'form of the result').choices(OUTPUT_FORMATS).default('table'))
    .addOption(
      new Option(
        '--data-dir <folder>',
        `folder of a local stack: finds its services and signs in (${DEFAULT_DATA_DIR} if no address is given)`,
      ).env('SLUICE_DATA_DIR'),
    )
    .addOption(
      new Option('--token <jwt>', 'whom to act as; better in the environment, where others do not see it').env(
        'SLUICE_TOKEN',
      ),
    );
  for (const service of SERVICES) {
    const variable = `SLUICE_${service.toUpperCase()}_URL`;
    program.addOption(new Option(`--${service}-url <url>`, `where ${service} is`).env(variable));
  }
  return program;
}

export function urlOption(options: GlobalOptions, service: ServiceName): string | undefined {
  return options[`${service}Url`];
}
