import { readFile } from 'node:fs/promises';
import type { Plugin } from 'rolldown';

/** Stack traces name our TypeScript sources. What others wrote is not mapped: it is read as it was installed. */
export const mapToSources: Plugin = {
  name: 'map-to-sources',
  load: {
    filter: { id: /\.js$/ },
    async handler(id) {
      if (id.includes('/node_modules/')) return { code: await readFile(id, 'utf8'), map: { mappings: '' } };
      const [code, map] = await Promise.all([readFile(id, 'utf8'), readFile(`${id}.map`, 'utf8')]);
      return { code, map: JSON.parse(map) };
    },
  },
};
