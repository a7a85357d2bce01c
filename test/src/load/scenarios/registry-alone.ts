import type { ServiceName } from '@sluice/contracts';
import type { Bench } from '../bench.js';

/** All but the registry, whose relay goes on. */
const OTHERS: ServiceName[] = ['consent', 'vetting', 'delivery', 'audit'];

/** Runs something while no other service does; they take up what it left before this resolves. */
export async function registryAlone<T>(bench: Bench, run: () => Promise<T>): Promise<T> {
  await bench.settle();
  for (const name of OTHERS) await bench.stack.service(name).stop();
  try {
    return await run();
  } finally {
    await bench.startServices(OTHERS);
    await bench.settle();
  }
}
