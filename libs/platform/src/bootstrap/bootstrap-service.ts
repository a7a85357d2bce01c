import { createLogger, type Logger } from '../observe/logger.js';
import { createService, type RunningService, type ServiceOptions } from './create-service.js';
import { installProcessGuards } from './process-guards.js';

/** The promise to whoever stops us; within it come the drain and every step of the shutdown. */
const SHUTDOWN_DEADLINE_MS = 9_500;

/**
 * Runs a service as this process: guards, signals, and the end when the process that started it (over IPC) goes away.
 * A start that fails is logged and ends the process with 1.
 */
export async function bootstrapService(options: ServiceOptions): Promise<RunningService> {
  const { name, config } = options;
  const logger = options.logger ?? createLogger({ name, instance: config.instance, level: config.logLevel });
  installProcessGuards(logger);
  let service: RunningService | undefined;
  endWhenTold(logger, () => service?.close());
  try {
    service = await createService({ ...options, logger });
    return service;
  } catch (err) {
    logger.fatal({ err }, 'the service could not start');
    process.exit(1);
  }
}

/** Listens from the first moment on: a parent that dies while we start must not leave us behind. */
function endWhenTold(logger: Logger, close: () => Promise<void> | undefined): void {
  let stopping = false;
  const stop = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'stopping');
    setTimeout(() => endLate(logger), SHUTDOWN_DEADLINE_MS).unref();
    Promise.resolve(close()).then(
      () => process.exit(0),
      (err: unknown) => {
        logger.fatal({ err }, 'the shutdown failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (process.connected) process.on('disconnect', () => stop('the parent went away'));
}

function endLate(logger: Logger): void {
  logger.fatal('the shutdown took too long');
  process.exit(1);
}
