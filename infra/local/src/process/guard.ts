// Runs as its own process: ends the stack's other processes when the stack itself dies without doing so. Its standard
// input is a pipe from the stack, which the kernel closes however the stack ends. Lines: `+<pid> <signal>`, `-<pid>`.
import { createInterface } from 'node:readline';

const GRACE_MS = 10_000;
const POLL_MS = 100;

const watched = new Map<number, NodeJS.Signals>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [pid, signal] = line.slice(1).split(' ');
    if (line.startsWith('+')) watched.set(Number(pid), signal as NodeJS.Signals);
    else watched.delete(Number(pid));
  })
  .on('close', () => void endAll());

async function endAll(): Promise<void> {
  for (const [pid, signal] of watched) {
    send(pid, 'SIGCONT');
    send(pid, signal);
  }
  const deadline = Date.now() + GRACE_MS;
  while (watched.size > 0 && Date.now() < deadline) {
    for (const pid of watched.keys()) if (!send(pid, 0)) watched.delete(pid);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  for (const pid of watched.keys()) send(pid, 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
