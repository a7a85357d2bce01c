import { parseVerifierKey, type VerifierKey, VerifierKeyMalformed } from '@sluice/log-verifier';
import { InvalidConfig } from '@sluice/platform';

/** A witness that the log's keeper asks. */
export interface WitnessPlace {
  /** Of type `cosignature`. */
  key: VerifierKey;
  /** Its submission prefix (https://c2sp.org/tlog-witness): `/add-checkpoint` is appended. */
  url: string;
}

/** Who is asked to cosign checkpoints, and how many of them must have done so. */
export interface WitnessConfig {
  witnesses: readonly WitnessPlace[];
  /** A checkpoint that fewer have signed is unwitnessed; 0 only where there are no witnesses. */
  required: number;
}

export const NO_WITNESSES: WitnessConfig = { witnesses: [], required: 0 };

/**
 * SLUICE_LOG_WITNESSES: `<verifier key> <URL>` of each, with commas between them. SLUICE_LOG_WITNESSES_REQUIRED: how many
 * must sign, all of them unless told otherwise.
 * @throws InvalidConfig
 */
export function readWitnessConfig(env: NodeJS.ProcessEnv): WitnessConfig {
  const places = env.SLUICE_LOG_WITNESSES?.trim();
  const witnesses = places ? places.split(',').map(readPlace) : [];
  const different = new Set(witnesses.map(({ key }) => key.name)).size;
  if (different < witnesses.length) throw new InvalidConfig('SLUICE_LOG_WITNESSES names a witness twice');
  const required = Number(env.SLUICE_LOG_WITNESSES_REQUIRED ?? witnesses.length);
  const least = Math.min(1, witnesses.length);
  if (!Number.isInteger(required) || required < least || required > witnesses.length) {
    throw new InvalidConfig(
      `SLUICE_LOG_WITNESSES_REQUIRED takes a number from ${least} to ${witnesses.length}, the number of witnesses`,
    );
  }
  return { witnesses, required };
}

function readPlace(text: string): WitnessPlace {
  const [given, url, ...rest] = text.trim().split(/\s+/);
  if (given === undefined || url === undefined || rest.length > 0 || !/^https?:$/.test(protocolOf(url))) {
    throw new InvalidConfig('SLUICE_LOG_WITNESSES: each witness is its verifier key, a space, and its URL');
  }
  try {
    const key = parseVerifierKey(given);
    if (key.type !== 'cosignature') throw new InvalidConfig(`SLUICE_LOG_WITNESSES: ${key.name} is no key of a witness`);
    return { key, url };
  } catch (error) {
    if (error instanceof VerifierKeyMalformed) throw new InvalidConfig(`SLUICE_LOG_WITNESSES: ${error.message}`);
    throw error;
  }
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
