import { parseArgs } from 'node:util';
import { SCENARIO_NAMES, type ScenarioName } from './scenarios/names.js';

export interface BenchOptions {
  only: ScenarioName[];
  quick: boolean;
  persons: number;
  /** Changes a second of `sustained` and `memory`, in place of their own. */
  rate: number | undefined;
  /** In place of each scenario's own length. */
  seconds: number | undefined;
  /** Of `rebuild`. */
  events: number | undefined;
  /** Rows of the histories that pages are read from. */
  rows: number | undefined;
  /** Kept after the run; a temporary one otherwise. */
  dataDir: string | undefined;
  /** A file, or `-` for standard output. */
  json: string | undefined;
  /** Where CPU profiles of the services go. */
  profileDir: string | undefined;
}

const PERSONS = 20_000;
const PERSONS_QUICK = 1_000;

/** Run when they are named. */
const LEFT_OUT: readonly ScenarioName[] = ['memory', 'disk', 'rebuild', 'history'];

export const HELP = `Measures speed, latency, cost and memory of the whole system on this machine.

  npm run bench -- [options]

  --only LIST      of ${SCENARIO_NAMES.join(', ')}
                   (default all but memory, which takes ten minutes, disk, rebuild and history)
  --quick          a small population and short runs: shows that it works, not how fast
  --persons N      registered with three grants each (default ${PERSONS}, quick ${PERSONS_QUICK})
  --rate N         changes a second of the sustained run (default 10000) and of memory (default 4000)
  --seconds N      length of each run (default: each scenario's own)
  --events N       that a read model is rebuilt from (default 5000000, quick 200000)
  --rows N         of the histories that pages are read from (default 5000000, quick 100000)
  --data-dir DIR   keep the data there, or use those of an earlier run: registering takes minutes
  --json FILE      also write one JSON document; - for standard output, the tables then go to standard error
  --profile DIR    write a CPU profile of each service there and list where their time went
  --help           this text

The exit status is 0 when everything could be measured, whatever the figures.
`;

/** @returns the options, or `help`. Throws a sentence for people. */
export function readOptions(args: string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      persons: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      events: { type: 'string' },
      rows: { type: 'string' },
      'data-dir': { type: 'string' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    only: scenarios(values.only),
    quick: values.quick,
    persons: count('persons', values.persons) ?? (values.quick ? PERSONS_QUICK : PERSONS),
    rate: count('rate', values.rate),
    seconds: count('seconds', values.seconds),
    events: count('events', values.events),
    rows: count('rows', values.rows),
    dataDir: values['data-dir'],
    json: values.json,
    profileDir: values.profile,
  };
}

function scenarios(list: string | undefined): ScenarioName[] {
  if (list === undefined) return SCENARIO_NAMES.filter((name) => !LEFT_OUT.includes(name));
  const asked = list.split(',').map((name) => name.trim());
  const unknown = asked.find((name) => !SCENARIO_NAMES.includes(name as ScenarioName));
  if (unknown !== undefined) throw new Error(`--only: "${unknown}" is none of ${SCENARIO_NAMES.join(', ')}`);
  return SCENARIO_NAMES.filter((name) => asked.includes(name));
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name} takes a whole number above 0, not "${text}"`);
}
