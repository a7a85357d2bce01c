import type { AddressInfo } from 'node:net';
import { ConfigError, readConfig } from './config.js';
import { witnessServer } from './server.js';
import { Witness } from './witness.js';
import { openWitnessKey } from './witness-key.js';
import { WitnessedLogs } from './witnessed-logs.js';

try {
  const config = readConfig(process.env);
  const key = await openWitnessKey(config.stateDir, config.name);
  const witnessed = new WitnessedLogs(config.stateDir);
  const server = witnessServer(new Witness(key, config.logs, witnessed), witnessed);
  server.listen(config.port, config.host, () => {
    const { address, port } = server.address() as AddressInfo;
    console.log(`witness ${key.verifierKey} listens on http://${address}:${port}`);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close();
      server.closeIdleConnections();
    });
  }
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
