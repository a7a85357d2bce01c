import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PrivateKey } from '@sluice/agency-sdk';
import type { ApiClient } from '../../support/api-client.js';
import type { StackAccess } from '../../support/running-stack.js';
import { AGENCIES, type Agency, accredit, signIn } from './agencies.js';
import { addPersons, untilGrantsWork } from './persons.js';

/** Who takes part in the load. */
export interface Population {
  subjects: string[];
  /** The first one also publishes. */
  agencies: Agency[];
  /** Where each agency's positions are kept, in the same order. */
  positionsFiles: string[];
}

/** What lies in the data folder beside the stack's own data, for a later run. */
interface Kept {
  subjects: string[];
  privateKeys: Record<string, PrivateKey>;
}

/** The population of the data folder; where there is none yet, one of `persons` is made through the public API. */
export async function openPopulation(
  dataDir: string,
  persons: number,
  stack: StackAccess,
  api: ApiClient,
  onProgress: (line: string) => void,
): Promise<Population> {
  const directory = join(dataDir, 'bench');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const positionsFiles = AGENCIES.map(({ code }) => join(directory, `positions-${code}.json`));
  const file = join(directory, 'population.json');
  if (existsSync(file)) {
    const { subjects, privateKeys } = JSON.parse(readFileSync(file, 'utf8')) as Kept;
    onProgress(`Population: ${subjects.length} persons of an earlier run`);
    const agencies = await Promise.all(AGENCIES.map((plan) => signIn(plan, privateKeys[plan.code]!, stack)));
    return { subjects, agencies, positionsFiles };
  }
  onProgress(`Population: registering ${persons} persons with ${AGENCIES.length} grants each`);
  const agencies: Agency[] = [];
  for (const plan of AGENCIES) agencies.push(await accredit(plan, stack, api));
  await untilGrantsWork(agencies, stack, api);
  const added = await addPersons(persons, agencies, stack, api, onProgress);
  const subjects = added.map(({ subject }) => subject);
  const privateKeys = Object.fromEntries(agencies.map(({ plan, privateKey }) => [plan.code, privateKey]));
  keep(file, { subjects, privateKeys });
  return { subjects, agencies, positionsFiles };
}

/** Whole or not at all: half a population would look like one. */
function keep(file: string, kept: Kept): void {
  writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
