import type { ServiceConfig, ServiceOptions } from '@sluice/platform';
import { auditModule } from './audit.module.js';
import { type AuditScope, CONTRACTED_SCOPE } from './intake/topics.js';

/** The audit service: the intake of every topic, and what is read of it. */
export function auditService(config: ServiceConfig, scope: AuditScope = CONTRACTED_SCOPE): ServiceOptions {
  return { name: 'audit', module: auditModule(scope), config };
}
