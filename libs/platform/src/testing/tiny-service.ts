import { Controller, Get, Inject, Module } from '@nestjs/common';
import { defineEndpoint } from '@sluice/contracts';
import { z } from 'zod';
import { createService, type RunningService } from '../bootstrap/create-service.js';
import type { ServiceConfig } from '../config/service-config.js';
import { Endpoint } from '../http/endpoint.js';
import type { InputOf } from '../http/input.js';
import { Input } from '../http/input-decorator.js';
import { refuse } from '../http/refusal.js';
import { createLogger } from '../observe/logger.js';
import { traceparentOf } from '../observe/trace-context.js';
import type { TokenIssuer } from './token-issuer.js';

const note = z.strictObject({
  text: z.string().min(1).max(40),
  tags: z
    .array(z.strictObject({ label: z.string().regex(/^[a-z]+$/, 'small-letters') }))
    .max(3)
    .optional(),
  counts: z.record(z.string().max(500), z.number()).optional(),
  fields: z.partialRecord(z.enum(['phone', 'email']), z.string().max(20)).optional(),
});
const common = { service: 'registry', summary: 'A note', problems: [] } as const;
const reply = z.strictObject({ said: z.string() });

export const writeNote = defineEndpoint({
  ...common,
  id: 'writeNote',
  method: 'POST',
  path: '/notes',
  who: ['person'],
  body: note,
  reply,
  status: 201,
  idempotent: true,
});
export const changeNote = defineEndpoint({
  ...common,
  id: 'changeNote',
  method: 'PUT',
  path: '/notes/:note',
  who: ['person', 'agency'],
  params: z.strictObject({ note: z.uuid() }),
  query: z.strictObject({ limit: z.coerce.number().int().max(10).optional() }),
  body: note,
  reply,
  status: 200,
  otherStatuses: [202],
  versioned: true,
  waits: true,
});
export const readNotes = defineEndpoint({
  ...common,
  id: 'readNotes',
  method: 'GET',
  path: '/notes/:note/text',
  who: ['person', 'auditor'],
  params: z.strictObject({ note: z.string() }),
  reply: z.unknown(),
  status: 200,
});
export const fileLines = defineEndpoint({
  ...common,
  id: 'fileLines',
  method: 'POST',
  path: '/lines',
  who: ['agency'],
  reply: z.strictObject({ bytes: z.number() }),
  status: 200,
  stream: 'application/x-ndjson',
});

export const readKeys = defineEndpoint({
  ...common,
  id: 'readKeys',
  method: 'GET',
  path: '/keys',
  who: [],
  reply: z.strictObject({ keys: z.array(z.string()) }),
  status: 200,
});

/** What the handlers saw, last first. */
const SEEN = Symbol('seen');
type Seen = {
  context: object;
  traceInHandler: string | undefined;
  idempotencyKey: string;
  digest: string;
  waitMs: number;
}[];

@Controller()
class TinyController {
  constructor(@Inject(SEEN) private readonly seen: Seen) {}

  @Endpoint(writeNote)
  write(@Input() input: InputOf<typeof writeNote>) {
    this.look(input);
    return { body: { said: 'written' }, version: 1, location: '/notes/1' };
  }

  @Endpoint(changeNote)
  async change(@Input() input: InputOf<typeof changeNote>) {
    this.look(input);
    if (input.ifMatch === 7) return refuse('stale-version');
    if (input.ifMatch === 8) return { ...refuse('queue-full'), retryAfterS: 9 };
    if (input.ifMatch === 9) throw new Error(`a fault that quotes '${input.body.text}'`);
    return { body: { said: 'changed' }, version: (input.ifMatch ?? 0) + 1, status: 202 as const };
  }

  @Endpoint(readNotes)
  read(@Input() input: InputOf<typeof readNotes>) {
    if (input.params.note === 'refused') return refuse('not-accredited');
    return { plain: input.params.note };
  }

  @Endpoint(fileLines)
  async file(@Input() input: InputOf<typeof fileLines>) {
    let bytes = 0;
    for await (const chunk of input.request.raw) bytes += (chunk as Buffer).length;
    return { body: { bytes } };
  }

  @Endpoint(readKeys)
  keys() {
    return { body: { keys: [] }, headers: { 'cache-control': 'max-age=60' } };
  }

  /** A route without a contract. */
  @Get('/forgotten')
  forgotten() {
    return 'reached';
  }

  private look(input: InputOf<typeof writeNote> | InputOf<typeof changeNote>): void {
    this.seen.unshift({
      context: input.context,
      traceInHandler: traceparentOf(),
      idempotencyKey: input.idempotencyKey,
      digest: input.requestDigest.toString('hex'),
      waitMs: input.preferWaitMs,
    });
  }
}

export interface TinyService extends RunningService {
  readonly seen: Seen;
  /** Every line it logged. */
  readonly lines: string[];
  call(
    path: string,
    options?: { method?: string; token?: string; headers?: Record<string, string>; body?: string | Buffer },
  ): Promise<Response>;
}

export function tinyConfig(issuer: TokenIssuer, over: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    port: 0,
    host: '127.0.0.1',
    databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
    kafka: { brokers: ['127.0.0.1:1'], clientId: 'tiny' },
    issuer: issuer.url,
    jwksUrl: `${issuer.url}/jwks`,
    audience: 'sluice-api',
    keyDir: '/nowhere',
    logLevel: 'debug',
    instance: 'tiny',
    ...over,
  };
}

/** A service of a few endpoints on a free port, for tests of the platform. */
export async function startTinyService(config: ServiceConfig): Promise<TinyService> {
  const seen: Seen = [];
  const lines: string[] = [];
  @Module({ controllers: [TinyController], providers: [{ provide: SEEN, useValue: seen }] })
  class TinyModule {}
  const logger = createLogger(
    { name: 'tiny', instance: 'tiny', level: config.logLevel },
    { write: (line) => void lines.push(line) },
  );
  const service = await createService({ name: 'registry', module: TinyModule, config, logger });
  return {
    ...service,
    seen,
    lines,
    call: (path, { method = 'GET', token, headers = {}, body } = {}) =>
      fetch(`${service.url}${path}`, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body !== undefined && { body }),
      }),
  };
}
