import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { FileHighWater, FileTileStorage, LogReader, LogWriter, NoteKey } from '@sluice/merkle-log';
import { parseVerifierKey, type VerifierKey } from '../formats/verifier-key.js';
import type { LogSource } from '../source/log-source.js';

export const ORIGIN = 'log.example/test';

/** A log made by the real writer, then held in memory, where a test can alter it. */
export class BuiltLog {
  constructor(
    readonly files: Map<string, Buffer>,
    readonly key: NoteKey,
  ) {}

  /** @param sizes after each batch; the log has a checkpoint's partial files at each */
  static async of(
    sizes: number[],
    leafOf: (index: number) => Buffer = defaultLeaf,
    key = new NoteKey(ORIGIN, generateKeyPairSync('ed25519').privateKey),
  ): Promise<BuiltLog> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-built-log-'));
    try {
      const log = {
        storage: new FileTileStorage(join(folder, 'log')),
        highWater: new FileHighWater(join(folder, 'known')),
        key,
      };
      const writer = await LogWriter.open(log);
      for (const size of sizes) {
        const from = writer.head.size;
        await writer.append(Array.from({ length: size - from }, (_, at) => leafOf(from + at)));
      }
      return new BuiltLog(readFolder(join(folder, 'log')), key);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Another history that the same key signed: one leaf is another. */
  forkedAt(index: number, size: number): Promise<BuiltLog> {
    return BuiltLog.of([size], (at) => (at === index ? Buffer.from('another leaf') : defaultLeaf(at)), this.key);
  }

  copy(): BuiltLog {
    return new BuiltLog(new Map(this.files), this.key);
  }

  get source(): LogSource {
    return async (path) => this.files.get(path);
  }

  get reader(): LogReader {
    return new LogReader({ read: this.source });
  }

  get verifierKey(): VerifierKey {
    return parseVerifierKey(this.key.verifierKey);
  }

  get checkpoint(): string {
    return (this.files.get('checkpoint') as Buffer).toString('utf8');
  }
}

export function defaultLeaf(index: number): Buffer {
  return Buffer.from(`leaf ${index} ${'.'.repeat(index % 37)}`);
}

function readFolder(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(folder, path), readFileSync(path)];
    }),
  );
}
