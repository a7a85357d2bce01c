import { REBUILD_ENDPOINTS, type RebuildView, SERVICES, type ServiceName } from '@sluice/contracts';
import { Argument, Command } from 'commander';
import { examples } from '../../arguments/examples.js';
import { naturalArgument } from '../../arguments/parse.js';
import { EXIT, type ExitCode } from '../../exit-codes.js';
import { Failure, usageFailure } from '../../failure.js';
import type { Perform, Session } from '../../session.js';
import { rebuildId } from './rebuild-id.js';
import { report, showModels, showPlans } from './report.js';
import { watch } from './watch.js';

/** What one core of a service does beside its live work without that being felt. */
const DEFAULT_RATE = 10_000;

interface RebuildOptions {
  rate?: number;
  swap?: boolean;
  planOnly?: boolean;
  plan?: string;
  pause?: boolean;
  cancel?: boolean;
}

export function rebuildCommand(perform: Perform): Command {
  return new Command('rebuild')
    .summary('a read model again from its events, beside the live one')
    .description(
      'Makes a read model again from its events beside the live one, and compares the two row by row. What differs is named by\nkey and column; with --swap the rows that differ are replaced, while the service goes on. Without a read model: which\nones there are, and the latest rebuilds. Needs an operator’s token; every act is recorded.',
    )
    .addArgument(new Argument('<service>', 'whose').choices(SERVICES))
    .argument('[read-model]', 'which one')
    .option(
      '--rate <events>',
      `events a second; 0: as fast as it goes; ${DEFAULT_RATE} unless planned otherwise`,
      naturalArgument,
    )
    .option('--swap', 'replace the rows that differ')
    .option('--plan-only', 'only plan: shows the extent, and the id to run it by')
    .option('--plan <id>', 'run what was planned, or paused, under this id; or watch it', rebuildId)
    .option('--pause', 'with --plan: pause it')
    .option('--cancel', 'with --plan: give it up')
    .addHelpText(
      'after',
      `${examples(
        ['sluice replay rebuild vetting'],
        ['sluice replay rebuild consent grant_record', 'compares, changes nothing'],
        ['sluice replay rebuild audit history --rate 50000 --swap -o json', 'puts right what differs'],
        ['sluice replay rebuild audit history --plan-only'],
        ['sluice replay rebuild audit --plan 0190a000-0000-7000-8000-000000000101 --pause'],
      )}
Exits with 0 when the rows are the same, or all that differed were replaced; 3 when rows differ; 7 when some of them
could not be replaced. Ctrl-C stops watching, not the rebuild.
`,
    )
    .action(
      perform(async (session, service: ServiceName, readModel: string | undefined, options: RebuildOptions) => {
        const moves = [options.pause, options.cancel].filter(Boolean).length;
        if (moves > 1 || (moves === 1 && options.plan === undefined)) {
          throw usageFailure('--pause and --cancel go with --plan, one at a time');
        }
        if (options.plan !== undefined) return byPlan(session, service, options.plan, options);
        if (readModel === undefined) return overview(session, service);
        const { rebuild, extent } = await plan(session, service, readModel, options.rate ?? DEFAULT_RATE);
        session.note(`plan ${rebuild}: about ${extent.events} events, ${extent.rows} rows`);
        if (options.planOnly) return showPlans(session, [await read(session, service, rebuild)]);
        return run(session, service, rebuild, options);
      }),
    );
}

async function overview(session: Session, service: ServiceName): Promise<ExitCode> {
  const { readModels, list } = REBUILD_ENDPOINTS[service];
  const services = session.services();
  await showModels(session, (await services.call(readModels, 'operator')).readModels);
  const { rebuilds } = await services.call(list, 'operator');
  session.note(rebuilds.length === 0 ? 'None was rebuilt yet.' : `Rebuilt so far: ${rebuilds.length}, the last one`);
  for (const { rebuild, readModel, state, plannedAt } of rebuilds.slice(0, 1)) {
    session.note(`${plannedAt} ${readModel} ${state}, --plan ${rebuild}`);
  }
  return EXIT.done;
}

async function byPlan(
  session: Session,
  service: ServiceName,
  rebuild: string,
  options: RebuildOptions,
): Promise<ExitCode> {
  if (options.pause || options.cancel) {
    const moved = await move(session, service, rebuild, { move: options.pause ? 'pause' : 'cancel' });
    return showPlans(session, [moved]);
  }
  const { state } = await read(session, service, rebuild);
  if (state === 'planned' || state === 'paused') return run(session, service, rebuild, options);
  return report(session, service, await watch(session, () => read(session, service, rebuild)));
}

async function run(
  session: Session,
  service: ServiceName,
  rebuild: string,
  { swap, rate }: RebuildOptions,
): Promise<ExitCode> {
  await move(session, service, rebuild, { move: 'run', swap, rate });
  const ended = await watch(session, () => read(session, service, rebuild));
  if (ended.state === 'failed') throw new Failure(EXIT.error, `the rebuild failed: ${ended.failure ?? 'internal'}`);
  return report(session, service, ended);
}

function plan(session: Session, service: ServiceName, readModel: string, rate: number): Promise<RebuildView> {
  return session.services().call(REBUILD_ENDPOINTS[service].plan, 'operator', { body: { readModel, rate } });
}

function move(session: Session, service: ServiceName, rebuild: string, body: object): Promise<RebuildView> {
  return session.services().call(REBUILD_ENDPOINTS[service].move, 'operator', { params: { rebuild }, body });
}

function read(session: Session, service: ServiceName, rebuild: string): Promise<RebuildView> {
  return session.services().call(REBUILD_ENDPOINTS[service].read, 'operator', { params: { rebuild } });
}
