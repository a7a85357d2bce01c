import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '@sluice/contracts';
import pc from 'picocolors';
import { profileFile } from './record.js';
import { selfTimes } from './self-times.js';

const TOP = 15;

/** Where the services' time went, from the profiles that they have written when they ended. */
export function profileReport(directory: string): string {
  const parts = SERVICES.map((service) => {
    const file = join(directory, profileFile(service));
    if (!existsSync(file)) return `${service}: no profile was written`;
    const lines = selfTimes(file, TOP).map(
      ({ where, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${where}`,
    );
    return [pc.bold(`${service}: self time`), ...lines].join('\n');
  });
  return `${parts.join('\n\n')}\n`;
}
