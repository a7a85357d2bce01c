import { stat } from 'node:fs/promises';
import { folderSource, httpSource, type LogSource } from '@sluice/log-verifier';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';

/** Where the audit service serves its log. */
export const LOG_PATH = '/log/';

/**
 * A log in a folder or at an address.
 * @throws {Failure} `not found`: a folder that is not there says nothing about the log in it
 */
export async function openSource(place: string): Promise<LogSource> {
  if (/^https?:\/\//.test(place)) return httpSource(place);
  const folder = await stat(place).catch(() => undefined);
  if (!folder?.isDirectory()) throw new Failure(EXIT.notFound, `there is no folder ${place}`);
  return folderSource(place);
}
