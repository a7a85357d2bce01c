import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Span } from '../measure/cost-meter.js';

/** The form Node writes: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  /** On the monotonic clock, in microseconds. */
  startTime: number;
  samples: number[];
  /** Microseconds before each sample. */
  timeDeltas: number[];
}

export interface SelfTime {
  /** Function and place. */
  where: string;
  /** Of the time in which the process was not idle. */
  share: number;
}

/** The functions of a CPU profile in which most time of the spans was spent, not counting what they called. */
export function selfTimes(file: string, spans: Span[], top: number): SelfTime[] {
  const { nodes, startTime, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const spent = new Map<string, number>();
  let at = startTime;
  samples.forEach((id, i) => {
    at += timeDeltas[i]!;
    if (!spans.some(({ fromUs, toUs }) => at >= fromUs && at < toUs)) return;
    const name = names.get(id)!;
    // A sample stands for the time up to the next one.
    spent.set(name, (spent.get(name) ?? 0) + (timeDeltas[i + 1] ?? 0));
  });
  spent.delete('(idle)');
  const busy = [...spent.values()].reduce((sum, us) => sum + us, 0);
  return [...spent]
    .sort(([, a], [, b]) => b - a)
    .slice(0, top)
    .map(([where, us]) => ({ where, share: us / busy }));
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName || '(anonymous)';
  if (!url) return name;
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const short = path.replace(/^.*\/node_modules\//, '').replace(`${process.cwd()}/`, '');
  return `${name} ${short}:${lineNumber + 1}`;
}
