/**
 * Whether two JSON values are the same: members in any order, elements in theirs. Text is compared code unit by code
 * unit; the catalogue's schemas have trimmed it by then.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && sameElements(a, b);
  return !Array.isArray(b) && sameMembers(a as Members, b as Members);
}

type Members = Readonly<Record<string, unknown>>;

function sameElements(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, i) => sameValue(element, b[i]));
}

function sameMembers(a: Members, b: Members): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]));
}
