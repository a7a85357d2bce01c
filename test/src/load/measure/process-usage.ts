import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc/PID/stat per second; 100 on every Linux that Node runs on. */
const TICKS_PER_S = 100;

export interface Usage {
  /** Processor time so far, in seconds. */
  cpuS: number;
  residentMb: number;
}

/** What a process has used so far. Linux only; throws when it has ended. */
export function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { cpuS: cpuOf(pid), residentMb: kilobytes(status, 'VmRSS') / 1024 };
}

/**
 * A process and all it has started, in one sum: PostgreSQL is many processes. Memory they share counts once, so this
 * reads their page tables: not for every second.
 */
export function usageOfTree(pid: number): Usage {
  const sum: Usage = { cpuS: 0, residentMb: 0 };
  for (const one of [pid, ...descendantsOf(pid)]) {
    try {
      sum.residentMb += kilobytes(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'), 'Pss') / 1024;
      sum.cpuS += cpuOf(one);
    } catch (error) {
      if (!hasEnded(error)) throw error; // its time has moved to its parent's
    }
  }
  return sum;
}

/** Processor time so far, in seconds, of a process' threads whose names begin with this. Linux only. */
export function threadCpuOf(pid: number, name: string): number {
  let seconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const task = `/proc/${pid}/task/${thread}`;
      if (readFileSync(`${task}/comm`, 'utf8').startsWith(name)) seconds += timesOf(`${task}/stat`)[0];
    } catch (error) {
      if (!hasEnded(error)) throw error;
    }
  }
  return seconds;
}

/** Own time and that of children which ended and were waited for. */
function cpuOf(pid: number): number {
  const [own, children] = timesOf(`/proc/${pid}/stat`);
  return own + children;
}

/** Processor time in seconds: own, and of children that ended and were waited for. */
function timesOf(statFile: string): [own: number, children: number] {
  const stat = readFileSync(statFile, 'utf8');
  // The name in parentheses may itself hold spaces and parentheses. After it, `state` is field 3 of proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  return [(utime! + stime!) / TICKS_PER_S, (cutime! + cstime!) / TICKS_PER_S];
}

function descendantsOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.flatMap((child) => [child, ...descendantsOf(child)]);
  } catch (error) {
    if (!hasEnded(error)) throw error;
    return [];
  }
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

function hasEnded(error: unknown): boolean {
  return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
}
