import { readFileSync } from 'node:fs';

/** Processor time of the whole machine so far, in clock ticks. */
export interface MachineUsage {
  busy: number;
  /** Taken by other guests of the same host. */
  stolen: number;
  total: number;
}

/** From the first line of /proc/stat, see proc(5). */
export function machineUsage(): MachineUsage {
  const [line] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const [user, nice, system, idle, iowait, irq, softirq, steal] = line!.trim().split(/\s+/).slice(1, 9).map(Number);
  const busy = user! + nice! + system! + irq! + softirq!;
  return { busy, stolen: steal!, total: busy + idle! + iowait! + steal! };
}
