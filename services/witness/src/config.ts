import { parseVerifierKey, type VerifierKey } from '@sluice/log-verifier';

/** What a witness needs to know, from the environment. */
export interface WitnessConfig {
  /** SLUICE_WITNESS_PORT: 0 takes a free one. */
  port: number;
  /** SLUICE_WITNESS_HOST: the address to listen on; the loopback interface unless told otherwise. */
  host: string;
  /** SLUICE_WITNESS_NAME: under which it signs, for instance `witness.agency.example`. */
  name: string;
  /** SLUICE_WITNESS_STATE_DIR: where it keeps its key and what it has signed. */
  stateDir: string;
  /** SLUICE_WITNESS_LOGS: the verifier keys of the logs it watches, with commas between them. */
  logs: VerifierKey[];
}

/** The environment does not say what is needed; the message says which variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws {ConfigError} */
export function readConfig(environment: NodeJS.ProcessEnv): WitnessConfig {
  const required = (name: string): string => {
    const value = environment[name]?.trim();
    if (!value) throw new ConfigError(`${name} is not set`);
    return value;
  };
  const port = Number(required('SLUICE_WITNESS_PORT'));
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new ConfigError('SLUICE_WITNESS_PORT is not a port');
  return {
    port,
    host: environment.SLUICE_WITNESS_HOST?.trim() || '127.0.0.1',
    name: required('SLUICE_WITNESS_NAME'),
    stateDir: required('SLUICE_WITNESS_STATE_DIR'),
    logs: required('SLUICE_WITNESS_LOGS').split(',').map(logKey),
  };
}

function logKey(text: string): VerifierKey {
  try {
    return parseVerifierKey(text);
  } catch (cause) {
    throw new ConfigError(`SLUICE_WITNESS_LOGS: ${(cause as Error).message}`, { cause });
  }
}
