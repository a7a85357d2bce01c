import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CHECKPOINT_PATH, cacheHeaderOf, NoteKey, type TileStorage } from '@sluice/merkle-log';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { TILE_STORAGE } from './log-config.js';
import { WitnessedCheckpoint } from './witnesses/witnessed-checkpoint.js';

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';

/**
 * The log as https://c2sp.org/tlog-tiles has it, below `/log/`, open to anyone: it holds commitments and references only,
 * and is worth most when many keep a copy. `/log/key` is the key to check it with; whoever checks gets it another way.
 */
@Injectable()
export class ServeLog implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(TILE_STORAGE) private readonly storage: TileStorage,
    private readonly key: NoteKey,
    private readonly checkpoint: WitnessedCheckpoint,
  ) {}

  onModuleInit(): void {
    const server: FastifyInstance = this.host.httpAdapter.getInstance();
    server.get('/log/key', (_request, reply) => reply.type(TEXT).send(`${this.key.verifierKey}\n`));
    server.get('/log/checkpoint', (_request, reply) => this.#sendCheckpoint(reply));
    server.get<{ Params: { '*': string } }>('/log/tile/*', (request, reply) =>
      this.#sendTile(`tile/${request.params['*']}`, reply),
    );
  }

  async #sendCheckpoint(reply: FastifyReply): Promise<FastifyReply> {
    return this.#answer(CHECKPOINT_PATH, await this.checkpoint.served(), TEXT, reply);
  }

  async #sendTile(path: string, reply: FastifyReply): Promise<FastifyReply> {
    const isPublic = cacheHeaderOf(path) !== undefined;
    return this.#answer(path, isPublic ? await this.storage.read(path) : undefined, BYTES, reply);
  }

  #answer(path: string, bytes: Buffer | string | undefined, type: string, reply: FastifyReply): FastifyReply {
    const caching = cacheHeaderOf(path);
    if (caching === undefined || bytes === undefined) return reply.code(404).type(TEXT).send('not found\n');
    return reply.header('cache-control', caching).type(type).send(bytes);
  }
}
