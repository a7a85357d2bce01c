import { type Principal, STAFF_ROLES, uuid } from '@sluice/contracts';
import type { JWTPayload } from 'jose';
import { z } from 'zod';

const claims = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('person'), sub: uuid }),
  z.object({
    kind: z.literal('agency'),
    sub: z.string().min(1).max(200),
    agency: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
  }),
  z.object({ kind: z.literal('staff'), sub: z.string().min(1).max(200), roles: z.array(z.string()) }),
]);

/** Who a token speaks for, or undefined when its claims name nobody. Roles this version does not know give nothing. */
export function principalOf(payload: JWTPayload): Principal | undefined {
  const read = claims.safeParse(payload);
  if (!read.success) return undefined;
  const { sub: id, ...rest } = read.data;
  switch (rest.kind) {
    case 'person':
      return { kind: 'person', id, subject: id };
    case 'agency':
      return { kind: 'agency', id, agency: rest.agency };
    case 'staff':
      return { kind: 'staff', id, roles: STAFF_ROLES.filter((role) => rest.roles.includes(role)) };
  }
}
