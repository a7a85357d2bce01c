import { uuid } from '@sluice/contracts';
import { InvalidArgumentError } from 'commander';

/** The id of a planned redelivery. */
export function replayArgument(text: string): string {
  const id = text.toLowerCase();
  if (uuid.safeParse(id).success) return id;
  throw new InvalidArgumentError('A replay is named by the uuid that planning it gave.');
}
