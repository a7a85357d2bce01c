import type { StaffRole } from './http/endpoint.js';

/** Who acts, as proven by a bearer token. `id` is the token's subject. */
export type Principal =
  | { readonly kind: 'person'; readonly id: string; readonly subject: string }
  | { readonly kind: 'agency'; readonly id: string; readonly agency: string }
  | { readonly kind: 'staff'; readonly id: string; readonly roles: readonly StaffRole[] };

/** How a principal is named in events, ledger and log: `person:…`, `agency:…`, `staff:…`. */
export function actorOf(principal: Principal): string {
  switch (principal.kind) {
    case 'person':
      return `person:${principal.subject}`;
    case 'agency':
      return `agency:${principal.agency}`;
    case 'staff':
      return `staff:${principal.id}`;
  }
}
