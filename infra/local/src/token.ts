import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StackFailure } from './failure.js';
import { isPersonaName, PERSONAS } from './issuer/personas.js';
import { DEFAULT_DATA_DIR, readArguments } from './options.js';

const HELP = `Prints a token of the running local stack.

  node infra/local/dist/token.js [options] WHO

  WHO               one of ${Object.keys(PERSONAS).join(', ')}
  --audience NAME   sluice-api for the services (default), kafka for an agency's feed
  --expires-in SPAN such as "5 minutes" (default 12 hours)
  --data-dir DIR    of the stack (default ${DEFAULT_DATA_DIR})
`;

try {
  await main();
} catch (error) {
  console.error(error instanceof StackFailure ? error.message : String(error));
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments({
    allowPositionals: true,
    options: {
      audience: { type: 'string' },
      'expires-in': { type: 'string' },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [who] = positionals;
  if (values.help || who === undefined) {
    process.stdout.write(HELP);
    return;
  }
  if (!isPersonaName(who)) {
    throw new StackFailure(
      'bad-option',
      `There is nobody called "${who}"; one of ${Object.keys(PERSONAS).join(', ')}.`,
    );
  }
  const { issuer, secret } = readIssuer(values['data-dir'] ?? DEFAULT_DATA_DIR);
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ persona: who, audience: values.audience, expiresIn: values['expires-in'] }),
  }).catch(() => undefined);
  if (!answer) throw notRunning();
  if (!answer.ok) throw new StackFailure('issuer-failed', `The issuer at ${issuer} refused (status ${answer.status}).`);
  console.log(((await answer.json()) as { access_token: string }).access_token);
}

function readIssuer(dataDir: string): { issuer: string; secret: string } {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'secrets', 'issuer.json'), 'utf8'));
  } catch {
    throw notRunning();
  }
}

function notRunning(): StackFailure {
  return new StackFailure('issuer-failed', 'No stack runs here; start it with "npm start", or name its --data-dir.');
}
