import { readdirSync } from 'node:fs';
import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

/** Tests run against the sources: `@sluice/x` is libs/x/src, not the built dist. */
const aliases = Object.fromEntries(
  readdirSync(new URL('./libs', import.meta.url)).map((name) => [
    `@sluice/${name}`,
    new URL(`./libs/${name}/src/index.ts`, import.meta.url).pathname,
  ]),
);

export default defineConfig({
  resolve: {
    alias: { ...aliases, '@sluice/local-stack': new URL('./infra/local/src/index.ts', import.meta.url).pathname },
  },
  plugins: [
    swc.vite({
      swcrc: false,
      tsconfigFile: false,
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        target: 'es2023',
        keepClassNames: true,
      },
      module: { type: 'es6' },
    }),
  ],
  test: {
    include: ['{libs,services,infra}/**/src/**/*.test.ts', 'test/src/**/*.test.ts'],
    globalSetup: ['test/src/setup/global-setup.ts'],
    ...(process.env.CI && { reporters: ['default', 'json'], outputFile: { json: '.nx/test-results.json' } }),
    // What a test waits for comes when it comes: a busy machine must not fail it.
    expect: { poll: { timeout: 45_000 } },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    // A worker keeps the modules it has loaded: loading Nest and both Kafka clients takes longer than most files do.
    isolate: false,
  },
});
