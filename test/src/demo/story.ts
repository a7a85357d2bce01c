import { randomUUID } from 'node:crypto';
import type { FeedEvent } from '@sluice/agency-sdk';
import {
  type AttributeCode,
  changeAttributes,
  giveGrant,
  laneOf,
  listAgencies,
  readAlias,
  readConsentReceiptKey,
  readHistory,
  registerSubject,
  requestGrant,
} from '@sluice/contracts';
import { compactVerify, importJWK, type JWK } from 'jose';
import { ApiClient } from '../support/api-client.js';
import { type AgencyPlan, Recipient } from '../support/recipient.js';
import type { StackAccess } from '../support/running-stack.js';
import { until } from '../support/until.js';
import { withdraw } from '../support/withdrawal.js';
import { BANK, BUREAU, TAX, VALUES } from './cast.js';
import type { Narrator } from './narrator.js';

const SHOWN = { version: 'demo-1', language: 'zh', channel: 'app' } as const;
const DAYS = { validityDays: 365, dataLifeDays: 365 };

/** One change reaches three institutions; one withdrawal stops it. */
export class Story {
  readonly #api: ApiClient;
  readonly #subject = randomUUID();
  #token = '';
  #version = 0;
  #recipients: Recipient[] = [];
  readonly #seen = new Map<Recipient, number>();

  constructor(
    private readonly stack: StackAccess,
    private readonly tell: Narrator,
  ) {
    this.#api = new ApiClient(stack.urls);
  }

  async play(): Promise<void> {
    try {
      await this.#register();
      const [bank, bureau, tax] = await this.#vet();
      const grants = await this.#grant([bank, bureau, tax]);
      await this.#changePhone(bank, bureau, tax);
      await this.#changeAddress(bank, bureau, tax);
      await this.#changeWhatNobodySees();
      const fence = await this.#withdraw(bank, grants.get(bank)!);
      await this.#changeAfterwards(bank, bureau, tax, fence);
      await this.#history();
    } finally {
      await Promise.all(this.#recipients.map((recipient) => recipient.close()));
    }
  }

  async #register(): Promise<void> {
    this.tell.chapter('A person registers 林晓 登记');
    this.#token = await this.stack.tokenFor({ sub: this.#subject, kind: 'person' });
    const attributes = {
      mobilePhone: VALUES.firstPhone,
      homeAddress: VALUES.firstAddress,
      employer: VALUES.firstEmployer,
    };
    const { status, body } = await this.#api.call(registerSubject, { token: this.#token, body: { attributes } });
    this.#version = body.version;
    this.tell.check(
      'the registry answers 201 with version 1',
      { status, version: body.version },
      { status: 201, version: 1 },
    );
  }

  async #vet(): Promise<[Recipient, Recipient, Recipient]> {
    this.tell.chapter('Three agencies are vetted, each by two reviewers, and subscribe');
    const recipients: Recipient[] = [];
    for (const plan of await this.#freePlans()) {
      const recipient = await Recipient.accredit(plan, this.stack, this.#api);
      this.tell.say(`${plan.name.en} (${plan.code}): ${plan.purpose}, ${plan.attributes.join(' and ')}`);
      recipients.push(recipient);
    }
    this.#recipients = recipients;
    await Promise.all(recipients.map((recipient) => recipient.subscribe()));
    this.tell.say('Each reads its own feed with its own Kafka client; nobody else can, and only its key opens it.');
    return recipients as [Recipient, Recipient, Recipient];
  }

  /** The story can be told again on the same data: agencies then get a number after their name. */
  async #freePlans(): Promise<AgencyPlan[]> {
    const { body } = await this.#api.call(listAgencies, { token: this.#token });
    const taken = new Set(body.agencies.map((agency) => agency.agency));
    for (let n = 1; ; n++) {
      const plans = [BANK, BUREAU, TAX].map((plan) => (n === 1 ? plan : { ...plan, code: `${plan.code}-${n}` }));
      if (plans.every((plan) => !taken.has(plan.code))) return plans;
    }
  }

  async #grant(recipients: Recipient[]): Promise<Map<Recipient, string>> {
    this.tell.chapter('Each agency asks, the person gives: only then is there a grant');
    const grants = new Map<Recipient, string>();
    for (const recipient of recipients) {
      const { code, purpose, attributes } = recipient.plan;
      const alias = await until(`consent knows ${code}`, () =>
        this.#api.call(readAlias, { token: this.#token, params: { agency: code } }).catch(() => undefined),
      );
      const terms = { purpose, attributes, mode: 'stream' as const, ...DAYS };
      const asked = await until(`${code} can ask`, () =>
        this.#api
          .call(requestGrant, { token: recipient.token, body: { subject: alias.body.alias, ...terms } })
          .catch(() => undefined),
      );
      const { grant } = asked.body;
      const given = await this.#api.call(giveGrant, { token: this.#token, params: { grant }, body: { shown: SHOWN } });
      this.tell.check(`${code}: requested, then active`, [asked.body.state, given.body.state], ['requested', 'active']);
      grants.set(recipient, grant);
    }
    for (const recipient of recipients) {
      const [snapshot] = await this.#next(recipient);
      this.tell.check(
        `${recipient.plan.code} starts with a snapshot of its fields`,
        fields(snapshot),
        sorted(recipient),
      );
    }
    return grants;
  }

  async #changePhone(bank: Recipient, bureau: Recipient, tax: Recipient): Promise<void> {
    this.tell.chapter('The phone number changes: the bank and the bureau hear of it');
    await this.#change({ mobilePhone: VALUES.newPhone });
    for (const recipient of [bank, bureau]) {
      const [event] = await this.#next(recipient);
      this.tell.check(`${recipient.plan.code} got just the new number`, data(event), { mobilePhone: VALUES.newPhone });
    }
    this.tell.say(`${tax.plan.code} may not see phone numbers; that it got nothing shows in its next sequence number.`);
  }

  async #changeAddress(bank: Recipient, bureau: Recipient, tax: Recipient): Promise<void> {
    this.tell.chapter('The address changes: the bank and the tax office hear of it');
    await this.#change({ homeAddress: VALUES.newAddress });
    for (const recipient of [bank, tax]) {
      const [event] = await this.#next(recipient);
      this.tell.check(`${recipient.plan.code} got just the new address`, data(event), {
        homeAddress: VALUES.newAddress,
      });
    }
    this.tell.check(
      'sequences so far: bank 3, bureau 2, tax 2, without a gap',
      [bank, bureau, tax].map((recipient) => recipient.events.at(-1)?.sequence),
      ['3', '2', '2'],
    );
  }

  async #changeWhatNobodySees(): Promise<void> {
    this.tell.chapter('The education changes: nobody may see it, so nobody is told that anything happened');
    await this.#change({ education: 'master' });
  }

  async #withdraw(bank: Recipient, grant: string): Promise<number> {
    this.tell.chapter('The person withdraws the bank’s grant');
    const started = performance.now();
    const { effect, fence, receipt } = await withdraw(this.#api, this.#token, grant, { deleteData: true });
    const tookMs = Math.round(performance.now() - started);
    const lane = laneOf(this.#subject);
    this.tell.check(
      'effective, with the fence',
      { effect, fence },
      { effect: 'effective', fence: { lane, sequence: 4 } },
    );
    const statement = await this.#readReceipt(receipt!);
    this.tell.say(
      `Receipt after ${tookMs} ms: after #${statement.sequence} in lane ${statement.lane} the bank gets nothing more of this grant.`,
    );
    this.tell.check(
      'the receipt’s signature holds, and it names grant, lane and sequence',
      { grant: statement.grant, lane: statement.lane, sequence: statement.sequence },
      { grant, lane, sequence: 4 },
    );
    const [notice] = await this.#next(bank);
    this.tell.check(
      'the bank is told, and that it owes a deletion',
      [notice?.type, 'deleteBy' in (notice?.data ?? {})],
      ['sluice.feed.grant-stopped.v1', true],
    );
    return statement.sequence;
  }

  /** Checked with the public key alone, as anyone can offline. */
  async #readReceipt(receipt: string): Promise<{ grant: string; lane: number; sequence: number }> {
    const { body } = await this.#api.call(readConsentReceiptKey);
    const key = await importJWK(body.keys[0] as JWK, 'EdDSA');
    const { payload } = await compactVerify(receipt, key, { algorithms: ['EdDSA'] });
    return JSON.parse(Buffer.from(payload).toString()) as { grant: string; lane: number; sequence: number };
  }

  async #changeAfterwards(bank: Recipient, bureau: Recipient, tax: Recipient, fence: number): Promise<void> {
    this.tell.chapter('Phone and address change once more: the other two hear of it, the bank does not');
    await this.#change({ mobilePhone: VALUES.laterPhone, homeAddress: VALUES.laterAddress });
    const [toBureau] = await this.#next(bureau);
    this.tell.check('the bureau got the number', data(toBureau), { mobilePhone: VALUES.laterPhone });
    const [toTax] = await this.#next(tax);
    this.tell.check('the tax office got the address', data(toTax), { homeAddress: VALUES.laterAddress });
    this.tell.check(
      'nothing of the education change lies between: sequences 3 and 3',
      [toBureau?.sequence, toTax?.sequence],
      ['3', '3'],
    );
    this.tell.check('the bank’s last event is the notice at the fence', bank.events.at(-1)?.sequence, String(fence));
    this.tell.check(
      'no client met a gap or a fault',
      [bank, bureau, tax].flatMap((recipient) => recipient.faults),
      [],
    );
  }

  async #history(): Promise<void> {
    this.tell.chapter('What the person sees: every use, newest first');
    const entries = await until('the history shows the last change', async () => {
      const { body } = await this.#api.call(readHistory, {
        token: this.#token,
        params: { subject: this.#subject },
        query: { limit: 100 },
      });
      return body.entries.filter((entry) => entry.kind === 'delivered').length >= 6 ? body.entries : undefined;
    });
    for (const entry of entries) {
      const where = entry.sequence === undefined ? '' : `  #${entry.sequence}`;
      const why = entry.purpose === undefined ? (entry.detail ?? '') : `${entry.purpose} under grant ${entry.grant}`;
      this.tell.say(
        `${entry.at}  ${entry.kind.padEnd(10)} ${(entry.recipient ?? entry.actor).padEnd(16)} ${entry.attributes.join(', ')}  ${why}${where}`,
      );
    }
    const delivered = (code: string) =>
      entries.filter((entry) => entry.kind === 'delivered' && entry.recipient?.endsWith(code)).length;
    this.tell.check(
      'deliveries of changes in the history: bank 2, bureau 2, tax 2',
      this.#recipients.map((recipient) => delivered(recipient.plan.code)),
      [2, 2, 2],
    );
  }

  async #change(attributes: Partial<Record<AttributeCode, unknown>>): Promise<void> {
    const { body } = await this.#api.call(changeAttributes, {
      token: this.#token,
      params: { subject: this.#subject },
      body: { attributes },
      ifMatch: this.#version,
    });
    this.#version = body.version;
  }

  /** The next event of a recipient, printed as it came. */
  async #next(recipient: Recipient): Promise<FeedEvent[]> {
    const from = this.#seen.get(recipient) ?? 0;
    const events = await recipient.received(from + 1);
    this.#seen.set(recipient, from + 1);
    const fresh = events.slice(from, from + 1);
    for (const event of fresh) this.tell.delivery(recipient.plan.code, event, `lane ${laneOf(this.#subject)}`);
    return fresh;
  }
}

function data(event: FeedEvent | undefined): unknown {
  return event !== undefined && 'attributes' in event.data ? event.data.attributes : undefined;
}

function fields(event: FeedEvent | undefined): string[] {
  return Object.keys((data(event) as Record<string, unknown> | undefined) ?? {}).sort();
}

function sorted(recipient: Recipient): string[] {
  return [...recipient.plan.attributes].sort();
}
