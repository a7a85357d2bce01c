import { readFile } from 'node:fs/promises';
import type { Plugin } from 'rolldown';

/** Stack traces name our TypeScript sources. What others wrote has no map: its frames stay as they are. */
export const mapToSources: Plugin = {
  name: 'map-to-sources',
  load: {
    filter: { id: /\.[cm]?js$/ },
    async handler(id) {
      const code = await readFile(id, 'utf8');
      if (id.includes('/node_modules/')) return { code, map: { mappings: '' } };
      return { code, map: JSON.parse(await readFile(`${id}.map`, 'utf8')) };
    },
  },
};

/**
 * Node takes an unmapped line for the last mapped one before it, so that a frame in what others wrote would be named as
 * ours. A segment without a source ("A", in the notation of source maps) ends what is mapped. Mapping each of their lines
 * instead would take some 50 MB of a process.
 */
export function endWhatIsMapped(map: string): string {
  const { mappings, ...rest } = JSON.parse(map) as { mappings: string };
  const lines = mappings.split(';').map((line, i, all) => (line === '' && all[i - 1] ? 'A' : line));
  return JSON.stringify({ ...rest, mappings: `${lines.join(';')};A` });
}
