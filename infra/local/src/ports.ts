import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { SERVICES, type ServiceName } from '@sluice/contracts';
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

/** How far the ports of a stack reach above its base. */
const PORT_SPAN = 14;

export function servicePort(base: number, service: ServiceName): number {
  return base + 1 + SERVICES.indexOf(service);
}

export function witnessPort(base: number): number {
  return base + 9;
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
  return infrastructurePorts(await freePortBase());
}

export async function freePorts(count: number): Promise<number[]> {
  // All are held open until all are known, so that none is given twice.
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A base whose ports were all free a moment ago, for stacks side by side. */
export async function freePortBase(): Promise<number> {
  for (;;) {
    // Below the range from which systems give ports to outgoing connections.
    const base = randomInt(1_000, 1_500) * 20;
    const free = await Promise.all(Array.from({ length: PORT_SPAN }, (_, offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

async function isFree(port: number): Promise<boolean> {
  try {
    const server = await listen(port);
    await new Promise((resolve) => server.close(resolve));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** Throws `port-busy` when something already listens there. */
export async function requireFreePort(port: number, usedFor: string): Promise<void> {
  if (!(await isFree(port))) throw portBusy(port, usedFor);
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
