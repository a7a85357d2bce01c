import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type Decipheriv,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { KeyProvider } from './key-provider.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const KEY_BYTES = 32;

interface Permutation {
  forth: Cipheriv;
  back: Decipheriv;
}

/**
 * A subject's name towards one agency: the subject's 16 bytes, permuted by AES-256 under the agency's own key. No table
 * is needed to come back, no two subjects ever share a name, and two agencies cannot join on theirs.
 *
 * The result is written as a uuid but is random in all 128 bits, version and variant included: check it by shape only.
 */
export class PairwiseIds {
  readonly #secret: KeyObject;
  readonly #permutations = new Map<string, Permutation>();

  private constructor(secret: KeyObject) {
    this.#secret = secret;
  }

  static async create(provider: KeyProvider): Promise<PairwiseIds> {
    return new PairwiseIds(await provider.secret('pairwise'));
  }

  /** @throws {TypeError} when `subject` is not a uuid's text */
  toPairwise(agency: string, subject: string): string {
    return format(this.#for(agency).forth.update(parse(subject)));
  }

  /** @throws {TypeError} when `pairwise` is not a uuid's text. Any uuid gives some subject: whether it exists is not known here. */
  toSubject(agency: string, pairwise: string): string {
    return format(this.#for(agency).back.update(parse(pairwise)));
  }

  #for(agency: string): Permutation {
    let permutation = this.#permutations.get(agency);
    if (permutation === undefined) {
      const key = createSecretKey(
        Buffer.from(hkdfSync('sha256', this.#secret, '', `sluice/pairwise:${agency}`, KEY_BYTES)),
      );
      // ECB carries nothing from one block to the next, so one cipher serves all calls; creating one costs far more.
      permutation = {
        forth: createCipheriv('aes-256-ecb', key, null).setAutoPadding(false),
        back: createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false),
      };
      this.#permutations.set(agency, permutation);
    }
    return permutation;
  }
}

function parse(uuid: string): Buffer {
  if (!UUID.test(uuid)) throw new TypeError('not a uuid');
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/** Brought into one piece: V8 keeps what a template joins as a tree of its parts, 450 bytes for as long as a name is kept. */
function format(block: Buffer): string {
  const hex = block.toString('hex');
  const joined = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return Buffer.from(joined, 'latin1').toString('latin1');
}
