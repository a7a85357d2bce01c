import { type MachineUsage, machineUsage } from './machine-usage.js';
import { type Usage, usageOf, usageOfTree } from './process-usage.js';

const SAMPLE_MS = 1_000;

/** A process whose cost is told apart. */
export interface Watched {
  name: string;
  pid: number;
  /** With all it has started. */
  tree?: boolean;
}

export interface Span {
  fromUs: number;
  toUs: number;
}

export interface ProcessCost {
  name: string;
  /** Processor time over what it was spent on: microseconds a change (or a request). */
  cpuUs: number;
  /** The share of one core it kept busy. */
  cores: number;
  /** Memory at the end, and the most of all samples (once a second; of a tree at both ends only). */
  residentMb: number;
  highestMb: number;
}

export interface Cost {
  /** Beginning and end on the monotonic clock that all processes share, in microseconds. */
  span: Span;
  processes: ProcessCost[];
  /** Shares of all cores: what nobody used, what went to processes that are not ours, and to other guests of the host. */
  idle: number;
  others: number;
  stolen: number;
}

/** Measures what a span of time costs each process. */
export class CostMeter {
  readonly #watched: Watched[];
  readonly #before: Map<string, Usage>;
  readonly #machineBefore: MachineUsage = machineUsage();
  readonly #fromUs = monotonicUs();
  readonly #highest = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(watched: Watched[]) {
    this.#watched = watched;
    this.#before = this.#read();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** The cost so far. `spentOn`: the number of changes or requests that `cpuUs` is per. */
  read(spentOn: number): Cost {
    const span = { fromUs: this.#fromUs, toUs: monotonicUs() };
    const seconds = (span.toUs - span.fromUs) / 1e6;
    const after = this.#read();
    const machine = machineUsage();
    const processes = this.#watched.map(({ name }): ProcessCost => {
      const cpuS = after.get(name)!.cpuS - this.#before.get(name)!.cpuS;
      const { residentMb } = after.get(name)!;
      return {
        name,
        cpuUs: (cpuS * 1e6) / spentOn,
        cores: cpuS / seconds,
        residentMb,
        highestMb: this.#highest.get(name)!,
      };
    });
    const total = machine.total - this.#machineBefore.total;
    const busy = (machine.busy - this.#machineBefore.busy) / total;
    const stolen = (machine.stolen - this.#machineBefore.stolen) / total;
    const cores = navigator.hardwareConcurrency;
    const ours = processes.reduce((sum, process) => sum + process.cores, 0) / cores;
    return { span, processes, idle: 1 - busy - stolen, others: Math.max(0, busy - ours), stolen };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #read(): Map<string, Usage> {
    return new Map(
      this.#watched.map(({ name, pid, tree }) => {
        const usage = tree ? usageOfTree(pid) : usageOf(pid);
        this.#note(name, usage.residentMb);
        return [name, usage];
      }),
    );
  }

  #sample(): void {
    for (const { name, pid, tree } of this.#watched) if (!tree) this.#note(name, usageOf(pid).residentMb);
  }

  #note(name: string, residentMb: number): void {
    this.#highest.set(name, Math.max(this.#highest.get(name) ?? 0, residentMb));
  }
}

function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
