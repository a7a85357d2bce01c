const FORM = /^(\d{1,16})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The last case of a page. */
export interface CasePlace {
  at: Date;
  id: string;
}

export const NEWEST_PLACE: CasePlace = {
  at: new Date(8_640_000_000_000_000),
  id: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
};

/** A cursor holds nothing but what the page shows already. */
export function encodePlace({ raised_at, case_id }: { raised_at: Date; case_id: string }): string {
  return `${raised_at.getTime()}.${case_id}`;
}

export function decodePlace(text: string): CasePlace | undefined {
  const parts = FORM.exec(text);
  return parts === null ? undefined : { at: new Date(Number(parts[1])), id: parts[2]! };
}
