import { uuid } from '@sluice/contracts';
import { InvalidArgumentError } from 'commander';

/** The id of a plan. */
export function rebuildId(text: string): string {
  const id = text.toLowerCase();
  if (uuid.safeParse(id).success) return id;
  throw new InvalidArgumentError('A plan is named by the uuid that planning it gave.');
}
