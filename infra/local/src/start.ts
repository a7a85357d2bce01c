import pc from 'picocolors';
import { welcome } from './console/welcome.js';
import type { Elsewhere } from './elsewhere.js';
import { StackFailure } from './failure.js';
import { DEFAULT_DATA_DIR, readArguments, readPortBase } from './options.js';
import { DEFAULT_PORT_BASE } from './ports.js';
import { LocalStack } from './stack.js';
import { Supervisor } from './supervisor.js';

const HELP = `Starts Sluice on this machine and keeps it running until Ctrl-C.

  npm start -- [options]

  --data-dir DIR    where everything is kept (default ${DEFAULT_DATA_DIR})
  --port-base PORT  the first of the ports it uses (default ${DEFAULT_PORT_BASE}); two stacks side by side need two
  --debug           on a failure, also show where in the code it happened
  --help            this text

Servers of your own instead of the embedded ones, by environment variables:
  SLUICE_PG_URL             postgres://user:password@host:port/database, as an administrator
  SLUICE_KAFKA_BROKERS      host:port,host:port; with SLUICE_KAFKA_USERNAME and SLUICE_KAFKA_PASSWORD where
                            they ask for SCRAM-SHA-512
`;

const { values } = parse();
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const say = (line: string) => console.log(pc.dim(line));
/** Stopping is promised within 15 s; whatever hangs then is left to the guard, which ends what this process leaves. */
const STOP_TIMEOUT_MS = 14_500;

let stack: LocalStack | undefined;
let supervisor: Supervisor | undefined;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onStopSignal);
// Where the terminal was closed there is nobody to tell, and everything still has to be stopped in order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const dataDir = values['data-dir'] ?? DEFAULT_DATA_DIR;
  const portBase = readPortBase(values['port-base']);
  const started = Date.now();
  stack = await LocalStack.start({
    dataDir,
    portBase,
    witness: true,
    onProgress: say,
    signal: stop.signal,
    ...elsewhere(process.env),
  });
  supervisor = new Supervisor(stack.components, say);
  console.log(welcome(stack, dataDir, Date.now() - started));
} catch (error) {
  if (stop.signal.aborted) stopped();
  fail(error);
}

function parse() {
  try {
    return readArguments({
      options: {
        'data-dir': { type: 'string' },
        'port-base': { type: 'string' },
        debug: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return fail(error);
  }
}

function elsewhere(env: NodeJS.ProcessEnv): Elsewhere {
  const { SLUICE_PG_URL, SLUICE_KAFKA_BROKERS, SLUICE_KAFKA_USERNAME, SLUICE_KAFKA_PASSWORD } = env;
  return {
    ...(SLUICE_PG_URL && { pgUrl: SLUICE_PG_URL }),
    ...(SLUICE_KAFKA_BROKERS && { kafkaBrokers: SLUICE_KAFKA_BROKERS.split(',').map((broker) => broker.trim()) }),
    ...(SLUICE_KAFKA_USERNAME &&
      SLUICE_KAFKA_PASSWORD && { kafkaUser: { username: SLUICE_KAFKA_USERNAME, password: SLUICE_KAFKA_PASSWORD } }),
  };
}

/** The first signal stops in order; a second one does not wait. */
function onStopSignal(): void {
  if (stop.signal.aborted) process.exit(1);
  say('\nStopping (Ctrl-C again not to wait)');
  setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
  supervisor?.close();
  stop.abort();
  stack?.stop().then(stopped, fail);
}

function stopped(): never {
  say('Stopped');
  process.exit(0);
}

function fail(error: unknown): never {
  const debug = process.argv.includes('--debug');
  const sentence =
    error instanceof StackFailure
      ? error.message
      : `Something unexpected went wrong (${(error as Error)?.message ?? error}); run it with --debug to see where.`;
  console.error(`${pc.red('Sluice did not start:')} ${sentence}`);
  if (debug) console.error(error);
  process.exit(1);
}
