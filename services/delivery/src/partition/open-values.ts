import { sealedChangeAad, ValueTexts } from '@sluice/contracts';
import { open, SealBroken, type SubjectKeys } from '@sluice/vault';
import type { Draft } from './draft.js';
import type { RegistrySource } from './read-sources.js';

/** What cannot be opened. */
export interface Broken {
  /** Persons whose new changes are parked, with the reason. */
  subjects: Map<string, string>;
  /** Offsets of older changes that a replay leaves out. */
  replayed: Set<bigint>;
}

/** Opens the values of changes that somebody receives. Answers whether one was found whose seal is broken. */
export async function openValues(
  draft: Draft,
  changes: ReadonlyMap<number, RegistrySource>,
  broken: Broken,
  keys: SubjectKeys,
): Promise<boolean> {
  const wanted = new Set<number>();
  for (const decisions of draft.deliveries.values()) {
    for (const { source } of decisions) if (changes.has(source)) wanted.add(source);
  }
  if (wanted.size === 0) return false;
  await keys.preload(
    [...wanted].map((index) => changes.get(index)!.ledger.subject),
    false,
  );
  let found = false;
  const erased = new Set<number>();
  for (const index of wanted) {
    const { ledger, change, render } = changes.get(index)!;
    const key = keys.get(ledger.subject);
    if (key === undefined) {
      erased.add(index);
      continue;
    }
    try {
      const aad = sealedChangeAad(ledger.subject, change.kind, change.attributes, change.version);
      render.values = ValueTexts.of(open(key, aad, change.sealed), change.attributes);
    } catch (error) {
      if (!(error instanceof SealBroken || error instanceof SyntaxError)) throw error;
      if (ledger.replay === undefined) broken.subjects.set(ledger.subject, 'seal-broken');
      else broken.replayed.add(ledger.offset);
      found = true;
    }
  }
  if (erased.size > 0) draft.erased(erased);
  return found;
}
