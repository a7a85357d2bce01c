import { readFile } from 'node:fs/promises';
import type { Plugin } from 'rolldown';

/**
 * Stack traces name our TypeScript sources, and lines of what others wrote as it is installed: to these there are no
 * maps in dist, so each line stands for itself. (Unmapped lines would be taken for the last mapped one before them.)
 */
export const mapToSources: Plugin = {
  name: 'map-to-sources',
  load: {
    filter: { id: /\.[cm]?js$/ },
    async handler(id) {
      const code = await readFile(id, 'utf8');
      if (id.includes('/node_modules/')) return { code, map: byLines(id, code) };
      return { code, map: JSON.parse(await readFile(`${id}.map`, 'utf8')) };
    },
  },
};

/** A source map's segments are relative: the first is line 1, each further one begins a line more ("AACA"). */
function byLines(id: string, code: string) {
  const mappings = `AAAA${';AACA'.repeat(code.split('\n').length - 1)}`;
  return { version: 3, sources: [id], sourcesContent: [null], names: [], mappings };
}
