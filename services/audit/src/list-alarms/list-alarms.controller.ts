import { Controller } from '@nestjs/common';
import { listAlarms } from '@sluice/contracts';
import { Endpoint } from '@sluice/platform';
import { Pool } from 'pg';

/** The newest; whoever has more has one cause to find, not thousands. */
const MOST_SHOWN = 1_000;

interface Row {
  id: string;
  at: Date;
  kind: string;
  place: string;
  expected: string;
  found: string;
}

@Controller()
export class ListAlarmsController {
  constructor(private readonly pool: Pool) {}

  @Endpoint(listAlarms)
  async handle() {
    const { rows } = await this.pool.query<Row>({
      name: 'list-alarms',
      text: 'select id, at, kind, place, expected, found from audit.alarm order by id desc limit $1',
      values: [MOST_SHOWN],
    });
    const alarms = rows.map(({ at, place, ...rest }) => ({ ...rest, at: at.toISOString(), where: place }));
    return { alarms };
  }
}
