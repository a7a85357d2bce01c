import { bootstrapService, readServiceConfig } from '@sluice/platform';
import { consentService } from './consent.service.js';

await bootstrapService(consentService(readServiceConfig()));
