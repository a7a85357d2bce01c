import pg from 'pg';

/** Holds back statements until `gate` resolves for their name, so that a test decides what happens in between. */
export class GatedPool extends pg.Pool {
  gate: ((name: string) => Promise<void>) | undefined;

  constructor(config: pg.PoolConfig) {
    const gateOf = (): GatedPool['gate'] => this.gate;
    class GatedClient extends pg.Client {
      override query(...args: unknown[]): never {
        const ask = super.query.bind(this) as (...args: unknown[]) => unknown;
        const name = (args[0] as { name?: string }).name;
        const gate = gateOf();
        if (name === undefined || gate === undefined) return ask(...args) as never;
        return gate(name).then(() => ask(...args)) as never;
      }
    }
    super({ ...config, Client: GatedClient } as pg.PoolConfig);
    this.on('error', () => {});
  }
}
