import { isAbsolute, relative } from 'node:path';
import type { Plugin } from 'rolldown';

/** In a bundle `import.meta.url` would be the bundle's; a module that reads a file beside it means its own. */
export function keepPlaces(out: string): Plugin {
  return {
    name: 'keep-places',
    transform: {
      filter: { code: 'import.meta.url' },
      handler(code, id) {
        if (!isAbsolute(id)) return null; // rolldown's own
        if (code.includes('createRequire(') && !id.includes('/node_modules/')) {
          throw new Error(`${id} would load a second copy of what is bundled: import it instead`);
        }
        const place = JSON.stringify(encodeURI(relative(out, id)));
        return { code: code.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`), map: null };
      },
    },
  };
}
