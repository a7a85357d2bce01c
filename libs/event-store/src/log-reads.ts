import { LOG_COLUMNS } from './log-rows.js';

/** A place in the log's reading order. */
export interface LogPlace {
  xid: number;
  position: number;
}

/** Events of one read. */
export const READ_ROWS = 2_000;
/** Payload bytes of one read; a single larger event is read alone. */
export const READ_BYTES = 4 * 1024 * 1024;

/** Events that no open transaction can precede any more. `copy` takes no parameters: a place is two numbers and may stand in the text. */
export function readText(schema: string, after: LogPlace): string {
  return selectText(
    schema,
    `(xid, position) > ('${after.xid}'::xid8, ${after.position}) and xid < pg_snapshot_xmin(pg_current_snapshot())`,
  );
}

/** The events of one stream from `from` to `to`, both included. */
export function readStreamPartText(schema: string, stream: string, from: LogPlace, to: LogPlace): string {
  return selectText(
    schema,
    `stream = '${stream}'::uuid and (xid, position) >= ('${from.xid}'::xid8, ${from.position})
     and (xid, position) <= ('${to.xid}'::xid8, ${to.position})`,
  );
}

function selectText(schema: string, condition: string): string {
  return `
select ${LOG_COLUMNS} from (
  select *, sum(octet_length(payload)) over (order by xid, position rows unbounded preceding) as bytes
    from ${schema}.event where ${condition}
   order by xid, position limit ${READ_ROWS}) as batch
 where bytes <= ${READ_BYTES} or bytes = octet_length(payload)
 order by xid, position`;
}
