import { AwsClient } from 'aws4fetch';
import { MerkleLogError } from '../errors.js';
import type { StoredObject, TileStorage } from './tile-storage.js';

/** Requests at a time: a batch has tens of small objects. */
const WIDTH = 16;
/** For each request, with what is tried again within it. */
const TIMEOUT_MS = 10_000;
/** Of answers that pass by themselves: 5xx and 429. */
const RETRIES = 3;

/** A bucket that holds a log. */
export interface S3Place {
  /** `https://s3.eu-central-1.amazonaws.com/bucket` or `https://bucket.example`: to which `/<key>` is appended. */
  bucketUrl: string;
  /** Before every key; empty, or ending with a slash. */
  prefix: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * A log in an S3-compatible object store that reads what was written (as S3 does since 2020) and knows `If-None-Match: *`.
 * What lies below `tile/` is written on the condition that it is not there, so that not even a mistaken configuration
 * (two logs under one prefix) can replace it.
 */
export class S3TileStorage implements TileStorage {
  readonly #client: AwsClient;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor({ bucketUrl, prefix, ...access }: S3Place) {
    this.#client = new AwsClient({ ...access, service: 's3', retries: RETRIES });
    this.#bucket = bucketUrl.replace(/\/$/, '');
    this.#prefix = prefix;
  }

  async read(path: string): Promise<Buffer | undefined> {
    const response = await this.#send('GET', path);
    if (response.status === 404) return absent(response);
    return Buffer.from(await accepted(response, path).arrayBuffer());
  }

  async write(objects: readonly StoredObject[]): Promise<void> {
    await inParallel(objects, (object) => this.#put(object));
  }

  async remove(paths: readonly string[]): Promise<void> {
    const found = await Promise.all(
      paths.map(async (path) =>
        (await this.#keysFrom(path)).filter((key) => key === path || key.startsWith(`${path}/`)),
      ),
    );
    await inParallel(found.flat(), async (path) => {
      await accepted(await this.#send('DELETE', path), path).arrayBuffer();
    });
  }

  async list(path: string): Promise<string[]> {
    const below = await this.#keysFrom(`${path}/`);
    return [...new Set(below.map((key) => key.slice(path.length + 1).split('/')[0] as string))];
  }

  /** An interrupted write leaves nothing: an object is there whole or not at all. */
  async sweep(): Promise<void> {}

  async #put({ path, bytes }: StoredObject): Promise<void> {
    const isImmutable = path.startsWith('tile/');
    const response = await this.#send('PUT', path, bytes, isImmutable ? { 'if-none-match': '*' } : {});
    // 409: another request for the same key is under way, which only a second writer of the same bytes can have sent.
    if (isImmutable && (response.status === 412 || response.status === 409)) {
      await response.arrayBuffer();
      const stored = await this.read(path);
      if (stored?.equals(bytes)) return;
      throw new MerkleLogError(
        'log-damaged',
        `${path} is in the bucket with other bytes: two logs share a bucket and prefix, or somebody has altered it`,
      );
    }
    await accepted(response, path).arrayBuffer();
  }

  /** Every path that begins with `start`. */
  async #keysFrom(start: string): Promise<string[]> {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ 'list-type': '2', prefix: this.#prefix + start });
      if (token !== undefined) query.set('continuation-token', token);
      const response = await this.#client.fetch(`${this.#bucket}?${query}`, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await accepted(response, start).text();
      for (const [, key] of text.matchAll(/<Key>([^<]*)<\/Key>/g))
        keys.push((key as string).slice(this.#prefix.length));
      token = /<NextContinuationToken>([^<]*)</.exec(text)?.[1];
    } while (token !== undefined);
    return keys;
  }

  #send(method: string, path: string, body?: Buffer, headers: Record<string, string> = {}): Promise<Response> {
    const url = `${this.#bucket}/${this.#prefix}${path}`;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return this.#client.fetch(url, { method, headers, signal, ...(body && { body: new Uint8Array(body) }) });
  }
}

async function absent(response: Response): Promise<undefined> {
  await response.arrayBuffer();
}

/** @throws for every answer but success; its text names keys and buckets, never bytes of the log */
function accepted(response: Response, path: string): Response {
  if (response.ok) return response;
  void response.body?.cancel();
  throw new Error(`the object store answered ${response.status} for ${path}`);
}

/** Waits for all, even when one fails: no write may go on behind the back of a caller that was told of a failure. */
async function inParallel<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await action(items[next++] as T);
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(WIDTH, items.length) }, lane));
  const failed = lanes.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
