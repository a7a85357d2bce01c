import { existsSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARY = 'libjemalloc.so.2';

/** Where Debian and its kin, Fedora and Arch install libraries. */
const LIBRARY_FOLDERS = [
  ...(process.arch === 'x64' ? ['/usr/lib/x86_64-linux-gnu'] : []),
  ...(process.arch === 'arm64' ? ['/usr/lib/aarch64-linux-gnu'] : []),
  '/usr/lib64',
  '/usr/lib',
];

/**
 * Two heaps, not four for each core; what is free goes back to the system after a second, not after ten, which keeps a
 * service at the size it has with the C library.
 */
const JEMALLOC = 'narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0';

const C_LIBRARY = {
  // It would keep a heap for each of Node's threads, and give none of it back.
  MALLOC_ARENA_MAX: '2',
  // And after a first large Buffer it would keep all that come later, up to 32 MB each, within its heaps: memory rose
  // with every peak, and stayed. So Buffers of this size and more go back to the system when they are let go.
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/**
 * Where a service takes its Buffers and OpenSSL's contexts from: jemalloc where that is installed, which takes a third of
 * the CPU that the C library takes for them (docs/design/performance.md). What the operator preloads (`LD_PRELOAD`, also
 * if empty) or sets (`MALLOC_CONF`) in `inherited` stands. The image of infra/docker brings jemalloc and sets the same.
 */
export function allocatorEnvironment(
  inherited: NodeJS.ProcessEnv = process.env,
  folders: readonly string[] = LIBRARY_FOLDERS,
): Record<string, string> {
  if (inherited.LD_PRELOAD !== undefined) return C_LIBRARY;
  const library = folders.map((folder) => join(folder, LIBRARY)).find((path) => existsSync(path));
  if (library === undefined) return C_LIBRARY;
  return { LD_PRELOAD: library, MALLOC_CONF: inherited.MALLOC_CONF ?? JEMALLOC };
}
