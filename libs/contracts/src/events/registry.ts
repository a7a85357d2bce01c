/**
 * Events of registry.events, keyed by subject. Their values are sealed (codec/sealed-change.ts): the
 * clear part names the attributes, who asserted them and with what assurance, never a value.
 */
export const SUBJECT_REGISTERED = 'sluice.registry.subject-registered.v1';
export const ATTRIBUTES_CHANGED = 'sluice.registry.attributes-changed.v1';
/** The answer to a new, widened, resumed or restored grant: the current values, in order with later changes. */
export const SNAPSHOT_TAKEN = 'sluice.registry.snapshot-taken.v1';

export const REGISTRY_EVENT_TYPES = [SUBJECT_REGISTERED, ATTRIBUTES_CHANGED, SNAPSHOT_TAKEN] as const;
