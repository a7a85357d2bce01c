import { readFileSync, rmSync } from 'node:fs';
import { birthOf, isAlive } from './identity.js';

const POLL_MS = 50;

/**
 * Ends the process that a run file names, if it still runs: a start that was killed could not stop it. A process that
 * merely got the same id later is left alone.
 */
export async function endOrphanOf(runFile: string, signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
  let named: { pid: number; birth: string };
  try {
    named = JSON.parse(readFileSync(runFile, 'utf8'));
  } catch {
    rmSync(runFile, { force: true });
    return false;
  }
  const orphaned = birthOf(named.pid) === named.birth;
  if (orphaned) await endProcess(named.pid, signal, graceMs);
  rmSync(runFile, { force: true });
  return orphaned;
}

/** Ends a process that is not a child of this one: first as asked, after `graceMs` by kill. */
export async function endProcess(pid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  const birth = birthOf(pid);
  const runs = () => isAlive(pid) && birthOf(pid) === birth;
  const send = (what: NodeJS.Signals) => {
    try {
      process.kill(pid, what);
    } catch {
      // It ended in between, which is what was wanted.
    }
  };
  send('SIGCONT');
  send(signal);
  const deadline = Date.now() + graceMs;
  while (runs()) {
    if (Date.now() > deadline) send('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
