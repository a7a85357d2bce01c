import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and PostgreSQL. While paused, nothing passes in either direction, as with a stopped process or a cut cable. */
export class PausingProxy {
  readonly #server: Server;
  readonly #pairs = new Set<[client: Socket, server: Socket]>();
  #paused = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(target: string): Promise<{ proxy: PausingProxy; url: string }> {
    const url = new URL(target);
    const { hostname, port } = url;
    const server = createServer();
    const proxy = new PausingProxy(server);
    server.on('connection', (client) => proxy.#join(client, connect(Number(port), hostname)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    return { proxy, url: url.href };
  }

  pause(): void {
    this.#paused = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    const pair: [Socket, Socket] = [client, server];
    this.#pairs.add(pair);
    for (const [from, to] of [pair, pair.toReversed() as [Socket, Socket]]) {
      from.on('data', (chunk) => to.write(chunk));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => this.#pairs.delete(pair));
      if (this.#paused) from.pause();
    }
  }
}
