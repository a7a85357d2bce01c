/**
 * What cannot be recorded is not released: open while the audit log takes in what happens. While it is closed nothing is
 * decided or dispatched; all that is published meanwhile waits in Kafka.
 */
export interface AuditGate {
  readonly isOpen: boolean;

  /** Resolves once the gate is open, or the signal has aborted. */
  whenOpen(signal: AbortSignal): Promise<void>;
}
