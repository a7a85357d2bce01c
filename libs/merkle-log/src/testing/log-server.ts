import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cacheHeaderOf, FileTileStorage } from '../index.js';

/** A log served over HTTP as its readers expect it. */
export interface LogServer {
  /** Ends with a slash. */
  url: string;
  close(): Promise<void>;
}

/** Serves the public files of a log's folder on the loopback interface, on a free port. */
export async function serveLog(folder: string): Promise<LogServer> {
  const storage = new FileTileStorage(folder);
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').slice(1);
    const cacheControl = cacheHeaderOf(path);
    const bytes = cacheControl === undefined ? undefined : await storage.read(path);
    if (bytes === undefined || cacheControl === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'cache-control': cacheControl, 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}
