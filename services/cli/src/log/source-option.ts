import type { LogSource } from '@sluice/log-verifier';
import { Option } from 'commander';
import { usageFailure } from '../failure.js';
import type { Session } from '../session.js';
import { LOG_PATH, openSource } from './source.js';

export interface SourceOption {
  source?: string;
}

/** Where the log is read from; the audit service's own unless said otherwise. */
export function sourceOption(): Option {
  return new Option('--source <place>', 'folder or address of the log (default: that of the audit service)');
}

/** @throws {Failure} */
export async function sourceOf(session: Session, { source }: SourceOption): Promise<LogSource> {
  if (source !== undefined) return openSource(source);
  const audit = session.services().access.urlOf('audit');
  if (audit === undefined) throw usageFailure('where is the log? give --source, or --audit-url');
  return openSource(`${audit}${LOG_PATH}`);
}
