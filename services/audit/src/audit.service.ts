import type { ServiceConfig, ServiceOptions } from '@sluice/platform';
import { auditModule } from './audit.module.js';
import { type AuditScope, CONTRACTED_SCOPE } from './intake/topics.js';
import type { LogConfig } from './log/log-config.js';

/** The audit service: the verifiable log, the intake of histories, and what is read of both. */
export function auditService(
  config: ServiceConfig,
  log: LogConfig,
  scope: AuditScope = CONTRACTED_SCOPE,
): ServiceOptions {
  return { name: 'audit', module: auditModule(scope, log), config };
}
