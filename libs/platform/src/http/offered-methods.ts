import type { FastifyInstance } from 'fastify';

/** Which methods are offered at an address: asked only where no route matched, to tell 405 from 404 (RFC 9110, 15.5.6). */
export class OfferedMethods {
  private readonly routes: { readonly address: RegExp; readonly methods: readonly string[] }[] = [];

  watch(server: FastifyInstance): void {
    server.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return;
      this.routes.push({ address: patternOf(url), methods: [method].flat() });
    });
  }

  at(url: string): string[] {
    const path = url.split('?', 1)[0] ?? '';
    const methods = this.routes.filter(({ address }) => address.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }
}

function patternOf(route: string): RegExp {
  const literal = route.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replace(/:[A-Za-z_]\w*/g, '[^/]+')}$`);
}
