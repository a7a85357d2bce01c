import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeTlogProof, FileHighWater, FileTileStorage, LogReader, LogWriter, NoteKey } from '@sluice/merkle-log';

export const ORIGIN = 'log.example/test';

/** A log in a folder, made by the real writer. */
export class WrittenLog {
  readonly #root = mkdtempSync(join(tmpdir(), 'sluice-cli-log-'));
  readonly key = new NoteKey(ORIGIN, generateKeyPairSync('ed25519').privateKey);
  readonly folder = join(this.#root, 'log');
  #writer: LogWriter | undefined;

  /** Entries `entry 0`, `entry 1` ... up to this many. */
  async growTo(size: number): Promise<void> {
    this.#writer ??= await LogWriter.open({
      storage: new FileTileStorage(this.folder),
      highWater: new FileHighWater(join(this.#root, 'known')),
      key: this.key,
    });
    const from = this.#writer.head.size;
    await this.#writer.append(Array.from({ length: size - from }, (_, at) => Buffer.from(entryAt(from + at))));
  }

  get checkpoint(): string {
    return readFileSync(join(this.folder, 'checkpoint'), 'utf8');
  }

  async receipt(index: number): Promise<string> {
    const size = this.#writer!.head.size;
    const path = await new LogReader(new FileTileStorage(this.folder)).inclusionProof(index, size);
    return encodeTlogProof({ index, path, checkpoint: this.checkpoint });
  }

  /** Writes a file beside the log and returns its path. */
  keep(name: string, content: string): string {
    const file = join(this.#root, name);
    writeFileSync(file, content);
    return file;
  }

  overwrite(path: string, content: string): void {
    writeFileSync(join(this.folder, path), content);
  }

  /** Changes one byte of a file of the log. */
  alter(path: string, at: number): void {
    const file = join(this.folder, path);
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(file, bytes);
  }

  remove(): void {
    rmSync(this.#root, { recursive: true });
  }
}

export function entryAt(index: number): string {
  return `entry ${index}`;
}
