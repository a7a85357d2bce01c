const FORM = /^(\d{1,16})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The last of a page of cases or seals. */
export interface ListPlace {
  at: Date;
  id: string;
}

export const NEWEST_PLACE: ListPlace = {
  at: new Date(8_640_000_000_000_000),
  id: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
};

/** A cursor holds nothing but what the page shows already. */
export function encodePlace({ at, id }: ListPlace): string {
  return `${at.getTime()}.${id}`;
}

export function decodePlace(text: string): ListPlace | undefined {
  const parts = FORM.exec(text);
  return parts === null ? undefined : { at: new Date(Number(parts[1])), id: parts[2]! };
}
