/** Where an event stands in its service's log, as its record says (`ce_logposition`: `xid.position`). */
export interface LogPosition {
  xid: bigint;
  position: bigint;
}

/** @throws {RangeError} where it is not one */
export function readLogPosition(text: string): LogPosition {
  const parts = /^(\d{1,19})\.(\d{1,19})$/.exec(text);
  if (parts === null) throw new RangeError('an event without a log position');
  return { xid: BigInt(parts[1]!), position: BigInt(parts[2]!) };
}

/** Per service and partition positions only rise; what is not beyond the last one was published before. */
export function isBeyond(one: LogPosition, other: LogPosition | undefined): boolean {
  if (other === undefined) return true;
  return one.xid > other.xid || (one.xid === other.xid && one.position > other.position);
}
