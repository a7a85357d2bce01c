import { TILE_WIDTH, type TileAddress } from '../tree/tile.js';
import { parseDecimal } from './decimal.js';

/** Where the signed checkpoint is. */
export const CHECKPOINT_PATH = 'checkpoint';

const MAX_LEVEL = 63;
const IMMUTABLE = 'public, max-age=31536000, immutable';

/** A public resource of a log, as https://c2sp.org/tlog-tiles names them. */
export type LogResource =
  | { kind: 'checkpoint' }
  | ({ kind: 'tile' } & TileAddress)
  | { kind: 'bundle'; index: number; width: number };

/** `tile/<level>/<index>`, with `.p/<width>` when it is not full. */
export function tilePath({ level, index, width }: TileAddress): string {
  return `tile/${level}/${indexPath(index)}${partialSuffix(width)}`;
}

/** `tile/entries/<index>`, with `.p/<width>` when it is not full. */
export function bundlePath(index: number, width: number): string {
  return `tile/entries/${indexPath(index)}${partialSuffix(width)}`;
}

/** The folder that holds all partial forms of a tile or bundle, given the path of its full form. */
export function partialsOf(fullPath: string): string {
  return `${fullPath}.p`;
}

/**
 * What a path names, or undefined if it names nothing public. Strict, so that a server can hand the path to its storage:
 * there is one spelling per resource and none leaves the log's folder.
 */
export function parseLogPath(path: string): LogResource | undefined {
  if (path === CHECKPOINT_PATH) return { kind: 'checkpoint' };
  const match = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path);
  if (!match) return undefined;
  const [, place, digits, partial] = match as unknown as [string, string, string, string | undefined];
  const index = Number(digits.replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : parseDecimal(partial);
  if (width === undefined || width < 1 || (partial !== undefined && width >= TILE_WIDTH)) return undefined;
  if (!Number.isSafeInteger(index) || indexPath(index) !== digits) return undefined;
  if (place === 'entries') return { kind: 'bundle', index, width };
  const level = parseDecimal(place);
  if (level === undefined || level > MAX_LEVEL) return undefined;
  return { kind: 'tile', level, index, width };
}

/**
 * The Cache-Control header of a resource. Tiles and bundles never change, partial ones neither: a path holds one content
 * for ever, because the log never forks. Undefined if the path names nothing public.
 */
export function cacheHeaderOf(path: string): string | undefined {
  const resource = parseLogPath(path);
  if (resource === undefined) return undefined;
  return resource.kind === 'checkpoint' ? 'no-cache' : IMMUTABLE;
}

function partialSuffix(width: number): string {
  return width === TILE_WIDTH ? '' : `.p/${width}`;
}

/** 1234067 is `x001/x234/067`. */
function indexPath(index: number): string {
  let path = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  }
  return path;
}
