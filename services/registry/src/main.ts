import { bootstrapService, readServiceConfig } from '@sluice/platform';
import { registryService } from './registry.service.js';

await bootstrapService(registryService(readServiceConfig()));
