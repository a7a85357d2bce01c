import { randomUUID } from 'node:crypto';
import { changeAttributes, type ReplyOf } from '@sluice/contracts';
import { SluiceError } from '../errors.js';
import { type Filing, type FilingReport, FilingRun } from './filing-run.js';
import { RegistryConnection, type RegistryOptions } from './registry-connection.js';

export interface Change {
  subject: string;
  /** New values by attribute code. */
  attributes: Record<string, unknown>;
  /** A reference to the evidence, at most 120 characters. */
  evidence?: string;
  /** The subject's version you last saw; when it has moved on since, the change is refused with `stale-version`. */
  version: number;
  /** For repeating the same change after a crash; by default each call is a change of its own. */
  idempotencyKey?: string;
}

/** The subject's version after the change, and which attributes it changed: none when all values were equal. */
export type Changed = ReplyOf<typeof changeAttributes>;

/** Files changes with the registry, for an agency accredited as a publisher. */
export class SluicePublisher {
  readonly #registry: RegistryConnection;

  constructor(options: RegistryOptions) {
    this.#registry = new RegistryConnection(options);
  }

  /**
   * Files one change; resolves when it is durable. Repeated by itself while the registry cannot be reached, under one
   * `Idempotency-Key`, so that it happens once.
   * @throws {RequestRefused} with the registry's problem
   * @throws {SluiceError} `registry-unreachable`, `token-unavailable`, `token-refused`, `reply-malformed`
   */
  async change({ subject, version, idempotencyKey = randomUUID(), ...body }: Change): Promise<Changed> {
    const reply = await this.#registry.exchange({
      method: 'PATCH',
      path: `/subjects/${encodeURIComponent(subject)}/attributes`,
      headers: {
        'content-type': 'application/json',
        'if-match': `"${version}"`,
        'idempotency-key': idempotencyKey,
      },
      body: JSON.stringify(body),
    });
    const parsed = changeAttributes.reply.safeParse(reply);
    if (!parsed.success)
      throw new SluiceError('reply-malformed', 'the answer to a change does not follow its contract');
    return parsed.data;
  }

  /**
   * Files many changes as one stream, and goes on by itself after an interruption; a line is never applied twice. Call
   * it again with the same uuid and the same lines to finish a filing that an earlier process began.
   * @throws whatever `lines` or `onResult` throws
   * @throws {RequestRefused} when the filing as a whole is refused
   * @throws {SluiceError} `registry-unreachable`, `token-unavailable`, `token-refused`, `reply-malformed`
   */
  file(filing: Filing): Promise<FilingReport> {
    return new FilingRun(this.#registry, filing).run();
  }
}
