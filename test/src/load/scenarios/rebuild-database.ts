import { randomBytes } from 'node:crypto';
import { migrate } from '@sluice/event-store';
import { migrationPlans } from '@sluice/local-stack';
import pg from 'pg';

const DATABASE = 'bench_rebuild';
const ROLE = 'bench_rebuild';
const EVENTS_OF_A_GRANT = 5;
/** Grants of one statement; a transaction of all would be one place in the log. */
const GRANTS_AT_ONCE = 50_000;

/** Terms of every grant, as consent writes them. */
const TERMS = `'{"agency":"harbour-bank","purpose":"kyc-refresh","attributes":["mobilePhone","employer","homeAddress"],
"mode":"stream","validFrom":"2026-01-01T00:00:00.000Z","validUntil":"2099-01-01T00:00:00.000Z","dataLifeDays":180,"basis":"consent"}'::jsonb`;
const GRANT = `md5('grant' || n)::uuid`;
const SUBJECT = `md5('subject' || n)::uuid`;

/** What a grant's life is here, in order, with whether it comes with the first or much later. */
const LIFE = ['requested', 'activated', 'paused', 'resumed', 'paused'] as const;
const LATER = 2;

/** A database of consent's own with many events, whose read model is in step with them. */
export class RebuildDatabase {
  private constructor(
    private readonly admin: pg.Pool,
    readonly url: string,
    readonly events: number,
    readonly grants: number,
  ) {}

  /** @param adminUrl the owner's connection to another database of the same server */
  static async create(adminUrl: string, events: number): Promise<RebuildDatabase> {
    const grants = Math.ceil(events / EVENTS_OF_A_GRANT);
    const owner = new URL(adminUrl);
    const server = new pg.Client({ connectionString: adminUrl });
    await server.connect();
    await server.query(`drop database if exists ${DATABASE} with (force)`);
    await server.query(`create database ${DATABASE}`);
    await server.end();
    owner.pathname = `/${DATABASE}`;
    const plans = migrationPlans().filter(({ schema }) => schema === 'consent');
    await migrate(
      owner.href,
      plans.map((plan) => ({ ...plan, role: ROLE })),
    );
    const admin = new pg.Pool({ connectionString: owner.href, max: 2 });
    admin.on('error', () => {});
    const password = randomBytes(12).toString('hex');
    await admin.query(`alter role ${ROLE} password '${password}'`);
    const url = new URL(owner);
    url.username = ROLE;
    url.password = password;
    const database = new RebuildDatabase(admin, url.href, grants * EVENTS_OF_A_GRANT, grants);
    await database.#fill();
    return database;
  }

  async drop(adminUrl: string): Promise<void> {
    await this.admin.end();
    const server = new pg.Client({ connectionString: adminUrl });
    await server.connect();
    await server.query(`drop database ${DATABASE} with (force)`);
    await server.query(`drop role ${ROLE}`);
    await server.end();
  }

  /** The first events of all grants, then the later ones: most rows are not in memory any more when they come again. */
  async #fill(): Promise<void> {
    await this.#events(0, LATER);
    await this.#events(LATER, EVENTS_OF_A_GRANT);
    for (const [from, to] of this.#portions()) {
      await this.admin.query(
        `insert into consent.grant_record (grant_id, subject, agency, state, valid_until, view)
         select ${GRANT}, ${SUBJECT}, 'harbour-bank', 'paused', '2099-01-01', jsonb_build_object('grant', ${GRANT}, 'version',
           ${EVENTS_OF_A_GRANT}, 'state', 'paused', 'subject', ${SUBJECT}, 'terms', ${TERMS})
           from generate_series($1::int, $2::int) as n`,
        [from, to],
      );
    }
    // Nothing of this is to be published.
    await this.admin.query(
      'update consent.relay_cursor set (xid, position) = (select xid, position from consent.event order by xid desc, position desc limit 1)',
    );
    await this.admin.query('vacuum analyze consent.event');
    await this.admin.query('vacuum analyze consent.grant_record');
    await this.admin.query('checkpoint');
  }

  async #events(first: number, end: number): Promise<void> {
    const types = LIFE.slice(first, end).map((name) => `sluice.consent.grant-${name}.v1`);
    for (const [from, to] of this.#portions()) {
      await this.admin.query(
        `insert into consent.event (stream, version, type, event_id, content_type, context, payload)
         select ${SUBJECT}, $3::int + nth, type, gen_random_uuid(), 'application/json',
           '{"actor":"service:bench","correlationId":"bench"}', convert_to(jsonb_build_object('grant', ${GRANT}, 'subject',
           ${SUBJECT}, 'grantVersion', $3 + nth, 'terms', ${TERMS})::text, 'UTF8')
           from generate_series($1::int, $2::int) as n, unnest($4::text[]) with ordinality as life (type, nth)
          order by n / 1000, nth, n`,
        [from, to, first, types],
      );
    }
  }

  *#portions(): Generator<[from: number, to: number]> {
    for (let from = 1; from <= this.grants; from += GRANTS_AT_ONCE) {
      yield [from, Math.min(this.grants, from + GRANTS_AT_ONCE - 1)];
    }
  }
}
