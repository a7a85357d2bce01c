import type { ServiceName } from '@sluice/contracts';
import type { Secrets } from '../secrets.js';

/** The database role a service logs in as. */
export function roleOf(service: ServiceName): string {
  return `sluice_${service}`;
}

/** The connection of a service to the database that `adminUrl` names. */
export function serviceDatabaseUrl(adminUrl: string, secrets: Secrets, service: ServiceName): string {
  const url = new URL(adminUrl);
  url.username = roleOf(service);
  url.password = rolePassword(secrets, service);
  return url.href;
}

/** Made at the first use. */
export function rolePassword(secrets: Secrets, service: ServiceName): string {
  return secrets.get(`postgres-${service}`);
}
