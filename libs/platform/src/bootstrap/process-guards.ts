import type { Logger } from '../observe/logger.js';

/**
 * A process whose state is unknown ends, with a line that says why, and is started anew. Warnings go to the log, except
 * the one kafkajs causes on every newer Node by a harmless negative timeout.
 */
export function installProcessGuards(logger: Logger): void {
  process.on('uncaughtException', (err) => endAfter(logger, err, 'an exception nobody caught'));
  process.on('unhandledRejection', (err) => endAfter(logger, err, 'a rejection nobody handled'));
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning') logger.warn({ err: warning }, 'Node warns');
  });
}

function endAfter(logger: Logger, err: unknown, what: string): void {
  logger.fatal({ err }, what);
  process.exit(1);
}
