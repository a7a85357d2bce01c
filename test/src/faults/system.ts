import { randomUUID } from 'node:crypto';
import { type AttributeCode, giveGrant, readAlias, registerSubject, requestGrant } from '@sluice/contracts';
import { freePortBase, LocalStack, temporaryDataDir } from '@sluice/local-stack';
import pg from 'pg';
import { ApiClient } from '../support/api-client.js';
import { type AgencyPlan, Recipient } from '../support/recipient.js';
import { accessTo, type StackAccess } from '../support/running-stack.js';
import { until } from '../support/until.js';

const TERMS = { mode: 'stream', validityDays: 300, dataLifeDays: 300 } as const;
const SHOWN = { version: 'test-1', language: 'en', channel: 'api' } as const;

const PUBLISHED: AttributeCode[] = ['mobilePhone', 'homeAddress', 'occupation'];

export const BANK: AgencyPlan = {
  code: 'test-bank',
  name: { en: 'Test Bank', zh: '测试银行' },
  uscc: '91310000MA1FL0001R',
  kind: 'bank',
  purpose: 'kyc-refresh',
  attributes: ['mobilePhone', 'homeAddress'],
  publishes: PUBLISHED,
};

export const BUREAU: AgencyPlan = {
  code: 'test-bureau',
  name: { en: 'Test Bureau', zh: '测试征信' },
  uscc: '91310000MA1FL0002W',
  kind: 'credit-bureau',
  purpose: 'credit-assessment',
  attributes: ['mobilePhone', 'occupation'],
};

/** A person with a token, and the grants given so far by agency. */
export interface Person {
  subject: string;
  token: string;
  version: number;
  grants: Map<string, string>;
}

/** A whole system of its own for one test file, with its clients. */
export class System {
  private constructor(
    readonly stack: LocalStack,
    readonly access: StackAccess,
    readonly api: ApiClient,
    readonly dataDir: string,
    private readonly removeData: () => void,
  ) {}

  static async start(): Promise<System> {
    const { path, remove } = temporaryDataDir();
    const stack = await LocalStack.start({ dataDir: path, portBase: await freePortBase(), durable: false });
    const access = accessTo(stack);
    return new System(stack, access, new ApiClient(access.urls), path, remove);
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    this.removeData();
  }

  /** Asks the database as its administrator. */
  async query(text: string): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: this.stack.postgresUrl });
    await client.connect();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  }

  /** An accredited agency whose client is subscribed. */
  async recipient(plan: AgencyPlan): Promise<Recipient> {
    const recipient = await Recipient.accredit(plan, this.access, this.api);
    await recipient.subscribe();
    return recipient;
  }

  async person(attributes: Record<string, unknown> = { mobilePhone: '+8613900000000' }): Promise<Person> {
    const subject = randomUUID();
    const token = await this.access.tokenFor({ sub: subject, kind: 'person' });
    const { body } = await this.api.call(registerSubject, { token, body: { attributes } });
    return { subject, token, version: body.version, grants: new Map() };
  }

  /** So many persons, each with a grant to the recipient; resolves when it has the snapshot of each. */
  async personsGranting(recipient: Recipient, count: number): Promise<Person[]> {
    const before = recipient.events.length;
    const persons: Person[] = [];
    await forAll(Array.from({ length: count }), 8, async () => {
      const person = await this.person();
      await this.grant(person, recipient);
      persons.push(person);
    });
    await recipient.received(before + count);
    return persons;
  }

  /** The agency asks, the person gives. */
  async grant(person: Person, recipient: Recipient): Promise<string> {
    const { code, purpose, attributes } = recipient.plan;
    const alias = await until(`consent knows ${code}`, () =>
      this.api.call(readAlias, { token: person.token, params: { agency: code } }).catch(() => undefined),
    );
    const asked = await until(`${code} can ask`, () =>
      this.api
        .call(requestGrant, {
          token: recipient.token,
          body: { subject: alias.body.alias, purpose, attributes, ...TERMS },
        })
        .catch(() => undefined),
    );
    const { grant } = asked.body;
    await this.api.call(giveGrant, { token: person.token, params: { grant }, body: { shown: SHOWN } });
    person.grants.set(code, grant);
    return grant;
  }
}

/** Does `task` for all items, `width` at a time. */
export async function forAll<T>(items: readonly T[], width: number, task: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await task(items[next++]!);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
