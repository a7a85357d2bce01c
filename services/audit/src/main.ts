import { bootstrapService, readServiceConfig } from '@sluice/platform';
import { auditService } from './audit.service.js';

await bootstrapService(auditService(readServiceConfig()));
