import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { FileKeyProvider, open, SealBroken, seal } from '@sluice/vault';
import type { HistoryLine } from '../domain/history-lines.js';

/** The last line that was given; the next page begins behind it, whatever was added since. */
export type Cursor = Pick<HistoryLine, 'at' | 'ref' | 'index'>;

const CURSOR_BYTES = 18;
const MAX_REF = 2n ** 63n - 1n;
const MAX_TIME_MS = 8_640_000_000_000_000;
const LAST_INDEX = 0xffff;
const SECRET = 'page-cursor';

/** Before every line there can be. */
export const NEWEST: Cursor = { at: MAX_TIME_MS, ref: MAX_REF, index: LAST_INDEX };

/** Before every line that is older than `at`, ms since 1970. */
export function before(at: number): Cursor {
  return { at: at - 1, ref: MAX_REF, index: LAST_INDEX };
}

/**
 * Cursors as text. They are encrypted: a page may end at a line that its reader is not shown. And they are bound to
 * what they page through, so that nobody goes on in another's list by mistake or on purpose.
 */
@Injectable()
export class Cursors {
  readonly #key: Promise<KeyObject>;

  constructor(provider: FileKeyProvider) {
    this.#key = provider.secret(SECRET);
    this.#key.catch(() => {}); // whoever asks learns of it
  }

  /** `list` names what is paged through and for whom. */
  async write(list: string, { at, ref, index }: Cursor): Promise<string> {
    const bytes = Buffer.alloc(CURSOR_BYTES);
    bytes.writeBigInt64BE(BigInt(at), 0);
    bytes.writeBigInt64BE(ref, 8);
    bytes.writeUInt16BE(index, 16);
    return seal(await this.#key, list, bytes).toString('base64url');
  }

  /** Undefined for what is no cursor of this list. */
  async read(list: string, text: string): Promise<Cursor | undefined> {
    try {
      const bytes = open(await this.#key, list, Buffer.from(text, 'base64url'));
      return { at: Number(bytes.readBigInt64BE(0)), ref: bytes.readBigInt64BE(8), index: bytes.readUInt16BE(16) };
    } catch (error) {
      if (error instanceof SealBroken) return undefined;
      throw error;
    }
  }
}
