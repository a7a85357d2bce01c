/** Claims the services and the broker read; `iss`, `aud`, `iat` and `exp` are the issuer's. */
export interface Claims {
  /** Persons and staff: a uuid. Agencies: their code, which is also their Kafka principal. */
  sub: string;
  kind: 'person' | 'agency' | 'staff';
  agency?: string;
  roles?: ('reviewer' | 'supervisor' | 'operator' | 'auditor')[];
}

export interface Persona {
  /** For people, in tables and demos. */
  label: string;
  claims: Claims;
}

function person(number: number, label: string): Persona {
  return { label, claims: { sub: `0190a000-0000-7000-8000-${hex(0x100 + number)}`, kind: 'person' } };
}

function staff(number: number, label: string, role: NonNullable<Claims['roles']>[number]): Persona {
  return {
    label: `${label}, ${role}`,
    claims: { sub: `0190a000-0000-7000-8000-${hex(0x200 + number)}`, kind: 'staff', roles: [role] },
  };
}

function agency(code: string, label: string): Persona {
  return { label, claims: { sub: code, kind: 'agency', agency: code } };
}

function hex(value: number): string {
  return value.toString(16).padStart(12, '0');
}

/** Who plays in demos and tests of the local stack. Their ids never change, so that a demo can be repeated. */
export const PERSONAS = {
  lin: person(1, '林晓 Lin Xiao'),
  omar: person(2, 'Omar Haddad'),
  rui: staff(1, 'Rui', 'reviewer'),
  vera: staff(2, 'Vera', 'reviewer'),
  sol: staff(3, 'Sol', 'supervisor'),
  otto: staff(4, 'Otto', 'operator'),
  ada: staff(5, 'Ada', 'auditor'),
  'harbour-bank': agency('harbour-bank', 'Harbour Bank'),
  'beacon-credit': agency('beacon-credit', 'Beacon Credit'),
  'city-tax': agency('city-tax', 'City Tax Office'),
} as const satisfies Record<string, Persona>;

export type PersonaName = keyof typeof PERSONAS;

export function isPersonaName(name: string): name is PersonaName {
  return Object.hasOwn(PERSONAS, name);
}
