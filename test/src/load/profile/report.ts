import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '@sluice/contracts';
import pc from 'picocolors';
import type { Span } from '../measure/cost-meter.js';
import { profileFile } from './record.js';
import { selfTimes } from './self-times.js';

const TOP = 15;

/** Where the services' time went in the spans, from the profiles that they have written when they ended. */
export function profileReport(directory: string, spans: Span[]): string {
  const parts = SERVICES.map((service) => {
    const file = join(directory, profileFile(service));
    if (!existsSync(file)) return `${service}: no profile was written`;
    const lines = selfTimes(file, spans, TOP).map(
      ({ where, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${where}`,
    );
    return [pc.bold(`${service}: self time`), ...lines].join('\n');
  });
  return `${parts.join('\n\n')}\n`;
}
