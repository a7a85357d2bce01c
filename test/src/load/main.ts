import { writeFileSync } from 'node:fs';
import pc from 'picocolors';
import { Bench } from './bench.js';
import { type BenchOptions, HELP, readOptions } from './options.js';
import { profileReport } from './profile/report.js';
import { conditions, loadAverageNow } from './report/conditions.js';
import { benchDocument, type ScenarioResult } from './report/document.js';
import { conditionsTable, scenarioTables } from './report/tables.js';
import { bulk } from './scenarios/bulk.js';
import { disk } from './scenarios/disk.js';
import { history } from './scenarios/history.js';
import { log } from './scenarios/log.js';
import { memory } from './scenarios/memory.js';
import type { ScenarioName } from './scenarios/names.js';
import { raw } from './scenarios/raw.js';
import { rebuild } from './scenarios/rebuild.js';
import { runIn } from './scenarios/run-in.js';
import type { Scenario } from './scenarios/scenario.js';
import { single } from './scenarios/single.js';
import { quiet, saturation, sustained } from './scenarios/steady.js';
import { withdrawal } from './scenarios/withdrawal.js';

const SCENARIOS: Record<ScenarioName, Scenario> = {
  raw,
  quiet,
  sustained,
  saturation,
  bulk,
  single,
  withdrawal,
  log,
  disk,
  rebuild,
  history,
  memory,
};

const options = readArguments();
/** With the document on standard output nothing else may be there. */
const show = options.json === '-' ? console.error : console.log;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onStopSignal);

if (process.platform !== 'linux') fail(new Error('The benchmark reads what processes use from /proc and needs Linux.'));
try {
  process.exitCode = (await run(options)) ? 0 : 1;
} catch (error) {
  if (!stop.signal.aborted) fail(error);
}
process.exit(stop.signal.aborted ? 130 : process.exitCode);

function readArguments(): BenchOptions {
  try {
    const read = readOptions(process.argv.slice(2));
    if (read !== 'help') return read;
    process.stdout.write(HELP);
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}

/** Whether all could be measured. */
async function run({ only, json, profileDir }: BenchOptions): Promise<boolean> {
  const loadAverage = loadAverageNow();
  const bench = await Bench.open(options, (line) => show(pc.dim(line)), stop.signal);
  const results: ScenarioResult[] = [];
  try {
    await runIn(bench, only);
    const holdsFor = await conditions(bench, loadAverage);
    show(conditionsTable(holdsFor), '\n');
    for (const scenario of only) {
      const result = await measure(scenario, bench);
      stop.signal.throwIfAborted();
      results.push(result);
      show(scenarioTables(result));
    }
    const document = `${JSON.stringify(benchDocument(holdsFor, results), null, 2)}\n`;
    if (json === '-') process.stdout.write(document);
    else if (json !== undefined) writeFileSync(json, document);
  } finally {
    await bench.close();
  }
  if (profileDir) {
    const spans = results.flatMap(({ runs }) => runs.flatMap(({ cost }) => cost?.span ?? []));
    show(profileReport(profileDir, spans));
  }
  return results.every(({ failure }) => failure === undefined);
}

/** One that fails leaves what it had measured, and the others run. */
async function measure(scenario: ScenarioName, bench: Bench): Promise<ScenarioResult> {
  const result: ScenarioResult = { scenario, runs: [] };
  try {
    for await (const run of SCENARIOS[scenario](bench)) result.runs.push(run);
    return result;
  } catch (error) {
    return { ...result, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** The first signal stops in order; a second one does not wait, and what then still runs ends with this process. */
function onStopSignal(): void {
  if (stop.signal.aborted) process.exit(130);
  show(pc.dim('\nStopping (Ctrl-C again not to wait)'));
  stop.abort();
}

function fail(error: unknown): never {
  console.error(pc.red(error instanceof Error ? error.message : String(error)));
  process.exit(1);
}
