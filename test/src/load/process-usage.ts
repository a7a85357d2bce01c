import { readFileSync } from 'node:fs';

/** Clock ticks of /proc/PID/stat per second; 100 on every Linux that Node runs on. */
const TICKS_PER_S = 100;

export interface Usage {
  cpuS: number;
  residentMb: number;
}

/** What a process and its children have used so far (Linux). */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S,
    residentMb: Number(resident?.[1] ?? 0) / 1024,
  };
}

/** The process and everything it started, in one sum: PostgreSQL is many processes. */
export function usageOfTree(pid: number): Usage {
  const pids = [pid, ...childrenOf(pid)];
  return pids.reduce<Usage>(
    (sum, one) => {
      try {
        const { cpuS, residentMb } = usageOf(one);
        return { cpuS: sum.cpuS + cpuS, residentMb: sum.residentMb + residentMb };
      } catch {
        return sum; // it ended meanwhile
      }
    },
    { cpuS: 0, residentMb: 0 },
  );
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
    return children.flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    return [];
  }
}
