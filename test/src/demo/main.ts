import { parseArgs } from 'node:util';
import { LocalStack } from '@sluice/local-stack';
import pc from 'picocolors';
import { accessTo, findRunningStack, type StackAccess } from '../support/running-stack.js';
import { Facts } from './facts.js';
import { Narrator } from './narrator.js';
import { Story } from './story.js';

const HELP = `Tells how one change reaches three institutions, and how one withdrawal stops it.

  npm run demo -- [options]

  --json            one JSON document with every observed fact, and nothing else
  --data-dir DIR    of the running stack (default .sluice); where none runs, one is started there for the demo
  --port-base PORT  for a stack that has to be started (default 7400)

The exit status is 0 only if everything observed is what it should be.
`;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    'data-dir': { type: 'string', default: '.sluice' },
    'port-base': { type: 'string', default: '7400' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const facts = new Facts();
const say = (line: string): void => {
  if (!values.json) console.log(pc.dim(line));
};
let own: LocalStack | undefined;
let failure: string | undefined;
try {
  const story = new Story(await reachStack(), new Narrator(facts, values.json));
  await story.play();
} catch (error) {
  failure = error instanceof Error ? error.message : String(error);
}
if (values.json) {
  console.log(
    JSON.stringify({ ok: succeeded(), facts: facts.all, ...(failure !== undefined && { failure }) }, null, 2),
  );
} else if (failure !== undefined) console.error(pc.red(`The demo could not go on: ${failure}`));
else new Narrator(facts, false).end();
await own?.stop();
process.exit(succeeded() ? 0 : 1);

function succeeded(): boolean {
  return failure === undefined && facts.all.length > 0 && facts.broken.length === 0;
}

async function reachStack(): Promise<StackAccess> {
  const running = await findRunningStack(values['data-dir']);
  if (running !== undefined) return running;
  say('No stack runs here; one is started for the demo.');
  own = await LocalStack.start({
    dataDir: values['data-dir'],
    portBase: Number(values['port-base']),
    onProgress: say,
  });
  return accessTo(own);
}
