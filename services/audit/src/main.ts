import { bootstrapService, readServiceConfig } from '@sluice/platform';
import { auditService } from './audit.service.js';
import { readLogConfig } from './log/log-config.js';

await bootstrapService(auditService(readServiceConfig(), readLogConfig()));
