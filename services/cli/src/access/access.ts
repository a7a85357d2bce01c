import { existsSync } from 'node:fs';
import { SERVICES, type ServiceName } from '@sluice/contracts';
import { usageFailure } from '../failure.js';
import { DEFAULT_DATA_DIR, type GlobalOptions, urlOption } from './global-options.js';
import { type ActingRole, LocalStackAccess } from './local-stack.js';

/** Where the services are and whom a run acts as. */
export class Access {
  readonly #urls: ReadonlyMap<ServiceName, string>;
  readonly #stack: LocalStackAccess | undefined;
  readonly #token: string | undefined;
  readonly #tokens = new Map<ActingRole, Promise<string>>();

  /**
   * Addresses that are given win over those of a local stack. The stack in the default folder counts only when no address
   * is given: its tokens must not go elsewhere unasked.
   * @throws {Failure} when nothing is given, or the data folder is not that of a stack
   */
  static of(options: GlobalOptions): Access {
    const given = SERVICES.flatMap((service): [ServiceName, string][] => {
      const url = urlOption(options, service);
      return url === undefined ? [] : [[service, baseOf(service, url)]];
    });
    const dataDir =
      options.dataDir ?? (given.length === 0 && existsSync(DEFAULT_DATA_DIR) ? DEFAULT_DATA_DIR : undefined);
    if (given.length === 0 && dataDir === undefined) {
      throw usageFailure('where are the services? give --data-dir of a local stack, or addresses such as --audit-url');
    }
    return new Access(new Map(given), dataDir === undefined ? undefined : new LocalStackAccess(dataDir), options.token);
  }

  private constructor(
    urls: ReadonlyMap<ServiceName, string>,
    stack: LocalStackAccess | undefined,
    token: string | undefined,
  ) {
    this.#urls = urls;
    this.#stack = stack;
    this.#token = token;
  }

  /** The data folder, where the services are those of a local stack. */
  get dataDir(): string | undefined {
    return this.#stack?.dataDir;
  }

  /** Undefined where nothing says it. */
  urlOf(service: ServiceName): string | undefined {
    return this.#urls.get(service) ?? this.#stack?.urlOf(service);
  }

  /** A bearer token: the one that was given, or the local stack's for the role. @throws {Failure} */
  tokenFor(role: ActingRole): Promise<string> {
    if (this.#token !== undefined) return Promise.resolve(this.#token);
    if (this.#stack === undefined) {
      return Promise.reject(usageFailure(`no token: set SLUICE_TOKEN to one of an ${role}`));
    }
    const token = this.#tokens.get(role) ?? this.#stack.tokenFor(role);
    this.#tokens.set(role, token);
    return token;
  }
}

function baseOf(service: ServiceName, url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw usageFailure(`the address of ${service} must begin with http:// or https://`);
  }
  return url.replace(/\/+$/, '');
}
