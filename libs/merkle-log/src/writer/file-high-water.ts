import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MerkleLogError } from '../errors.js';
import { type HighWater, sameHead, type TreeHead } from './high-water.js';

/**
 * The record as a file, for a log with one writer process: comparing and setting are two steps here. Keep it on another
 * disk than the log, or it goes back in time together with it.
 */
export class FileHighWater implements HighWater {
  constructor(readonly path: string) {}

  async load(): Promise<TreeHead | undefined> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const match = /^([0-9]+) ([0-9a-f]{64})\n$/.exec(text);
    if (!match) throw new MerkleLogError('log-damaged', `${this.path} does not hold a size and a root`);
    return { size: Number(match[1]), root: Buffer.from(match[2] as string, 'hex') };
  }

  async save(previous: TreeHead | undefined, next: TreeHead): Promise<boolean> {
    const current = await this.load();
    const expected =
      current === undefined || previous === undefined ? current === previous : sameHead(current, previous);
    if (!expected) return false;
    const draft = `${this.path}.draft`;
    await mkdir(dirname(this.path), { recursive: true });
    const file = await open(draft, 'w');
    try {
      await file.writeFile(`${next.size} ${next.root.toString('hex')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.path);
    const folder = await open(dirname(this.path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return true;
  }
}
