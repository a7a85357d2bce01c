import { readFile } from 'node:fs/promises';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';

/** @throws {Failure} */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Failure(EXIT.notFound, `there is no file ${file}`, { cause });
    throw new Failure(EXIT.error, `${file} cannot be read (${code})`, { cause });
  }
}

/** @throws {Failure} */
export async function readText(file: string): Promise<string> {
  return (await readBytes(file)).toString('utf8');
}
