import { Controller, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { EventPattern, Server } from '@nestjs/microservices';
import { expect, test } from 'vitest';
import { createLogger } from '../observe/logger.js';
import { tinyConfig } from '../testing/tiny-service.js';
import { TokenIssuer } from '../testing/token-issuer.js';
import { createService } from './create-service.js';

const told: string[] = [];

@Injectable()
class Store implements OnModuleInit {
  onModuleInit(): void {
    told.push('the store is ready');
  }
}

@Controller()
class EventsController {
  constructor(readonly _store: Store) {}

  @EventPattern('sluice.grant.given.v1')
  given(event: string): void {
    told.push(`handled ${event}`);
  }
}

@Module({ controllers: [EventsController], providers: [Store] })
class EventsModule {}

class OneEvent extends Server {
  listen(callback: () => void): void {
    told.push('the strategy listens');
    void this.getHandlerByPattern('sluice.grant.given.v1')?.('an event');
    callback();
  }

  close(): void {
    told.push('the strategy closes');
  }

  on(): void {}

  unwrap<T>(): T {
    return undefined as T;
  }
}

test('consumers start when the providers are ready, find their handlers without a token, and end with the service', async () => {
  const issuer = await TokenIssuer.start();
  const service = await createService({
    name: 'consent',
    module: EventsModule,
    config: tinyConfig(issuer),
    logger: createLogger({ name: 'test', instance: 'test', level: 'silent' }),
    microservices: () => [new OneEvent()],
  });
  await expect.poll(() => told).toContain('handled an event');
  await service.close();
  expect(told).toEqual(['the store is ready', 'the strategy listens', 'handled an event', 'the strategy closes']);
  await issuer.stop();
});

test('a start that fails leaves nothing behind', async () => {
  const issuer = await TokenIssuer.start();
  const before = told.length;
  class Broken extends OneEvent {
    override listen(): void {
      throw new Error('no broker');
    }
  }
  const starting = createService({
    name: 'consent',
    module: EventsModule,
    config: tinyConfig(issuer),
    logger: createLogger({ name: 'test', instance: 'test', level: 'silent' }),
    microservices: () => [new Broken()],
  });
  await expect(starting).rejects.toThrow('no broker');
  expect(told.slice(before)).toContain('the strategy closes');
  await issuer.stop();
});
