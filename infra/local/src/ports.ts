import { createServer } from 'node:net';
import { StackFailure } from './failure.js';

export const DEFAULT_PORT_BASE = 7400;

/** The ports the infrastructure listens on, all on 127.0.0.1. */
export interface InfrastructurePorts {
  issuer: number;
  postgres: number;
  kafkaInternal: number;
  kafkaController: number;
  kafkaAgency: number;
}

export function infrastructurePorts(base: number): InfrastructurePorts {
  return {
    issuer: base,
    postgres: base + 10,
    kafkaInternal: base + 11,
    kafkaController: base + 12,
    kafkaAgency: base + 13,
  };
}

/** Ports that were free a moment ago; another process may still take one first. */
export async function freeInfrastructurePorts(): Promise<InfrastructurePorts> {
  const [issuer, postgres, kafkaInternal, kafkaController, kafkaAgency] = await freePorts(5);
  return {
    issuer: issuer!,
    postgres: postgres!,
    kafkaInternal: kafkaInternal!,
    kafkaController: kafkaController!,
    kafkaAgency: kafkaAgency!,
  };
}

export async function freePorts(count: number): Promise<number[]> {
  // All are held open until all are known, so that none is given twice.
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Throws `port-busy` when something already listens there. */
export async function requireFreePort(port: number, usedFor: string): Promise<void> {
  try {
    const server = await listen(port);
    await new Promise((resolve) => server.close(resolve));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw portBusy(port, usedFor);
    throw error;
  }
}

export function portBusy(port: number, usedFor: string): StackFailure {
  return new StackFailure(
    'port-busy',
    `Port ${port} (${usedFor}) is taken by another process; stop that process or move all ports with --port-base, e.g. --port-base ${port < 8000 ? 8400 : 7400}.`,
  );
}

function listen(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
