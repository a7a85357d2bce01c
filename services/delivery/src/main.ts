import 'reflect-metadata';
import { bootstrapService, readServiceConfig } from '@sluice/platform';
import { DeliveryModule } from './delivery.module.js';

await bootstrapService({ name: 'delivery', module: DeliveryModule, config: readServiceConfig() });
