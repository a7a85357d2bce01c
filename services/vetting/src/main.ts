import { bootstrapService, readServiceConfig } from '@sluice/platform';
import { vettingService } from './vetting.service.js';

await bootstrapService(vettingService(readServiceConfig()));
