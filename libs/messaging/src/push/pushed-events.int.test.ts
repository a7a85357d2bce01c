import { inject } from 'vitest';
import { kafkaShape } from '../testing/kafka-shape.js';
import { pushedEventsContract } from '../testing/pushed-events.contract.js';

pushedEventsContract('PushedEvents', () => kafkaShape({ ...inject('kafka'), clientId: 'test' }, inject('pgUrl')));
