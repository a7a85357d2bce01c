import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BuiltLog } from '../testing/built-log.js';
import { verifyLog } from '../verify-log.js';
import { verifyRange } from '../verify-range.js';
import { httpSource } from './log-source.js';

describe('a log served over HTTP', () => {
  let log: BuiltLog;
  let server: Server;
  let url: string;
  /** Answers that are given in place of a file, one per request. */
  const failures = new Map<string, number[]>();

  beforeEach(async () => {
    log = await BuiltLog.of([600]);
    failures.clear();
    server = createServer((request, response) => {
      const path = (request.url as string).replace('/some/log/', '');
      const failure = failures.get(path)?.shift();
      const bytes = log.files.get(path);
      response.writeHead(failure ?? (bytes ? 200 : 404)).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/log`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const verify = () => verifyLog({ source: httpSource(url), log: log.verifierKey });

  it('is verified like one in a folder', async () => {
    expect(await verify()).toMatchObject({ size: 600, findings: [] });
    log.files.delete('tile/0/001');
    expect((await verify()).findings).toMatchObject([{ code: 'tile-missing', place: 'tile/0/001', index: 256 }]);
  });

  it('is asked again when a request fails, and given up as unread, not as wrong, when all do', async () => {
    failures.set('tile/entries/001', [503]);
    expect((await verify()).findings).toEqual([]);
    failures.set('tile/entries/001', [500, 502, 503, 500]);
    expect((await verify()).findings).toMatchObject([{ code: 'source-failed' }]);
    failures.set('tile/0/001', [500, 502, 503, 500]);
    const range = await verifyRange({ source: httpSource(url), log: log.verifierKey, from: 300, to: 301 });
    expect(range.findings).toMatchObject([{ code: 'source-failed' }]);
  });
});
