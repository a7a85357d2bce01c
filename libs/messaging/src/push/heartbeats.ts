/** Well below the session timeout, whatever a handler takes. */
const HEARTBEAT_MS = 1_000;

/** Heartbeats of a consumer while it handles a batch; the group says by them that it is rebalancing. */
export class Heartbeats {
  readonly #timer: NodeJS.Timeout;
  #failure: { error: unknown } | undefined;

  constructor(beat: () => Promise<void>) {
    this.#timer = setInterval(() => {
      beat().catch((error: unknown) => {
        this.#failure ??= { error };
      });
    }, HEARTBEAT_MS);
  }

  /** The group wants this member elsewhere: hand over what is handled and join again. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Ends them; throws what the group had answered. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#failure) throw this.#failure.error;
  }
}
