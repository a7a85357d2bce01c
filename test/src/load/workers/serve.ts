/** What a worker can be asked, by name. Arguments and answers travel as structured clones. */
export type Handlers = Record<string, (argument: never) => unknown>;

export interface Question {
  id: number;
  what: string;
  argument: unknown;
}

export type Reply = { id: number; answer: unknown } | { id: number; error: string };

/**
 * The child's side of a `Worker`: answers until its parent is gone, however that ended; `onEnd` is called then.
 * Ctrl-C in the terminal reaches children too, but it is the parent that ends them, in its order.
 */
export function serve(handlers: Handlers, onEnd: () => void = () => {}): void {
  process.on('SIGINT', () => {});
  process.on('disconnect', () => {
    onEnd();
    process.exit(0);
  });
  process.on('message', async ({ id, what, argument }: Question) => {
    const reply = await answer(handlers[what]!, argument).then(
      (answer): Reply => ({ id, answer }),
      (error: unknown): Reply => ({ id, error: error instanceof Error ? error.message : String(error) }),
    );
    if (process.connected) process.send!(reply);
  });
}

async function answer(handler: Handlers[string], argument: unknown): Promise<unknown> {
  return handler(argument as never);
}
