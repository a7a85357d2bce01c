import type { FeedEvent } from '@sluice/agency-sdk';
import pc from 'picocolors';
import type { Facts } from './facts.js';

/** Tells the story on a terminal; silent where only the facts are wanted. */
export class Narrator {
  #step = 0;

  constructor(
    private readonly facts: Facts,
    private readonly silent: boolean,
  ) {}

  chapter(title: string): void {
    this.#step += 1;
    this.#print('', pc.bold(`${this.#step}. ${title}`));
  }

  say(line: string): void {
    this.#print(`   ${line}`);
  }

  /** What a recipient got, as its handler sees it. */
  delivery(recipient: string, event: FeedEvent, lane: string): void {
    const kind = event.type.replace('sluice.feed.', '').replace('.v1', '');
    this.#print(
      `   ${pc.cyan(recipient.padEnd(16))} ${pc.dim(`${lane} #${event.sequence}`)}  ${kind}  ${JSON.stringify(event.data)}`,
    );
  }

  /** Checks a fact and shows how it stands. */
  check(what: string, observed: unknown, expected: unknown): void {
    const holds = this.facts.check(what, observed, expected);
    this.#print(`   ${holds ? pc.green('✓') : pc.red('✗')} ${what}`);
    if (!holds) {
      this.#print(`     expected ${JSON.stringify(expected)}`, `     observed ${JSON.stringify(observed)}`);
    }
  }

  end(): void {
    const { all, broken } = this.facts;
    const verdict =
      broken.length === 0
        ? pc.green(`All ${all.length} observations are what they should be.`)
        : pc.red(`${broken.length} of ${all.length} observations are not what they should be.`);
    this.#print('', verdict);
  }

  #print(...lines: string[]): void {
    if (!this.silent) for (const line of lines) console.log(line);
  }
}
