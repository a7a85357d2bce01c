import { randomUUID } from 'node:crypto';
import { changeAttributes } from '@sluice/contracts';
import { type ApiClient, CallFailed } from '../support/api-client.js';
import type { Person } from './system.js';

const RETRY_MS = 100;

/** What one person changed, in order: every value was acknowledged. */
export type Acknowledged = Map<Person, string[]>;

/**
 * Persons who change their phone number one time after the other, as a careful client does: with If-Match, and
 * the same Idempotency-Key again until there is an answer. Every value is given once in the whole run.
 */
export class ChangeLoad {
  readonly acknowledged: Acknowledged = new Map();
  #next = 0;
  #running = true;
  readonly #lanes: Promise<void>[] = [];

  constructor(
    private readonly api: ApiClient,
    private readonly persons: readonly Person[],
    private readonly pauseMs: number,
  ) {}

  start(): void {
    for (const person of this.persons) {
      this.acknowledged.set(person, []);
      this.#lanes.push(this.#changeOneAfterTheOther(person));
    }
  }

  /** Resolves when every change in hand is acknowledged. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#lanes);
  }

  get count(): number {
    return [...this.acknowledged.values()].reduce((sum, values) => sum + values.length, 0);
  }

  async #changeOneAfterTheOther(person: Person): Promise<void> {
    while (this.#running) {
      const value = `+86138${String(10_000_000 + this.#next++)}`;
      await this.#changeUntilAnswered(person, value);
      this.acknowledged.get(person)!.push(value);
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs * (0.5 + Math.random())));
    }
  }

  async #changeUntilAnswered(person: Person, mobilePhone: string): Promise<void> {
    const idempotencyKey = randomUUID();
    for (;;) {
      try {
        const { body } = await this.api.call(changeAttributes, {
          token: person.token,
          params: { subject: person.subject },
          body: { attributes: { mobilePhone } },
          ifMatch: person.version,
          idempotencyKey,
        });
        person.version = body.version;
        return;
      } catch (error) {
        // A refusal that says "try again" and a broken connection are the same to the client: ask once more.
        if (error instanceof CallFailed && error.status < 500 && error.status !== 429) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
