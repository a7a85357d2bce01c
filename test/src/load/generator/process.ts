// The publisher's side as a process of its own: files changes, or sends them one by one.
import { serve } from '../workers/serve.js';
import { FilingLoad, type FilingPlan } from './filing-load.js';
import { type PatchPlan, patchFor } from './patch-callers.js';

let load: FilingLoad | undefined;

const handlers = {
  /** Files to the end of the plan. One at a time. */
  file: (plan: FilingPlan) => {
    load = new FilingLoad(plan);
    return load.run();
  },
  progress: () => load!.progress(),
  delivered: (count: number) => load!.delivered(count),
  patch: (plan: PatchPlan) => patchFor(plan),
};
export type GeneratorHandlers = typeof handlers;

serve(handlers);
