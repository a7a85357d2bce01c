import { Injectable } from '@nestjs/common';
import { open, SubjectKeys, seal } from '@sluice/vault';

/** What persons and agencies write, sealed under the data key of the person it is about: it is erased with the person. */
@Injectable()
export class SubjectTexts {
  constructor(private readonly keys: SubjectKeys) {}

  /** `place` says what the text is part of; it opens nowhere else. Undefined where the person has no key: unknown, or erased. */
  async seal(subject: string, place: string, text: string): Promise<Buffer | undefined> {
    return this.#withKey(subject, (key) => seal(key, `${place}|${subject}`, Buffer.from(text)));
  }

  /** By name; what cannot be opened any more, because the person was erased, is left out. */
  async open(
    subject: string,
    texts: Record<string, { place: string; sealed: Buffer }>,
  ): Promise<Record<string, string>> {
    const opened = await this.#withKey(subject, (key) =>
      Object.entries(texts).map(([name, { place, sealed }]) => [
        name,
        open(key, `${place}|${subject}`, sealed).toString(),
      ]),
    );
    return Object.fromEntries(opened ?? []);
  }

  /** Loaded and forgotten each time: these texts are few, and an erasure must be seen at once. */
  async #withKey<T>(
    subject: string,
    use: (key: NonNullable<ReturnType<SubjectKeys['get']>>) => T,
  ): Promise<T | undefined> {
    await this.keys.preload([subject], false);
    const key = this.keys.get(subject);
    this.keys.forget(subject);
    return key && use(key);
  }
}
