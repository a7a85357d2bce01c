import pg from 'pg';

/** Holds back statements until `gate` resolves for their name, so that a test decides what happens in between. */
export class GatedPool extends pg.Pool {
  gate: ((name: string) => Promise<void>) | undefined;

  constructor(config: pg.PoolConfig) {
    const gateOf = (): GatedPool['gate'] => this.gate;
    class GatedClient extends pg.Client {
      override query(...args: unknown[]): never {
        const ask = super.query.bind(this) as (...args: unknown[]) => unknown;
        const query = args[0] as { name?: string; handleError?: (error: Error) => void };
        const gate = gateOf();
        if (query.name === undefined || gate === undefined) return ask(...args) as never;
        const asked = gate(query.name).then(() => ask(...args));
        if (query.handleError === undefined) return asked as never;
        // A query that was made elsewhere tells of its end by itself.
        asked.catch((error: Error) => query.handleError!(error));
        return query as never;
      }
    }
    super({ ...config, Client: GatedClient } as pg.PoolConfig);
    this.on('error', () => {});
  }
}
