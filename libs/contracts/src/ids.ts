import { z } from 'zod';

/** How a uuid is written: see `uuid`. */
export const UUID_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * A uuid in its canonical, lower-case form, of any version: ids are compared as text and are Kafka keys, so
 * one person must not have two spellings; and an alias is random in all its bits.
 */
export const uuid = z.string().regex(UUID_FORM).meta({ format: 'uuid' });
