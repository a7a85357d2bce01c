/** A payload under its type name. */
export interface TypedPayload {
  type: string;
  payload: Buffer;
}

/** Brings payloads written under an old type name to the newest one, a step per version. */
export class UpcasterRegistry {
  readonly #steps = new Map<string, { to: string; upcast: (payload: Buffer) => Buffer }>();

  /** Events of `type` (the old name, with its version) become events of `to`. One step per old name. */
  register(type: string, to: string, upcast: (payload: Buffer) => Buffer): void {
    if (this.#steps.has(type)) throw new Error(`an upcaster from ${type} is registered already`);
    for (let next: string | undefined = to; next !== undefined; next = this.#steps.get(next)?.to) {
      if (next === type) throw new Error(`an upcaster from ${type} to ${to} would lead back to ${type}`);
    }
    this.#steps.set(type, { to, upcast });
  }

  upcast(type: string, payload: Buffer): TypedPayload {
    let current = { type, payload };
    for (let step = this.#steps.get(type); step; step = this.#steps.get(current.type)) {
      current = { type: step.to, payload: step.upcast(current.payload) };
    }
    return current;
  }
}
