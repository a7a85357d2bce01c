import { z } from 'zod';
import { attributeCode } from '../catalogue/attributes.js';
import { uuid } from '../ids.js';
import { pastInstant } from '../instant.js';
import { defineEndpoint } from './endpoint.js';

/** No attribute has a longer code. */
export const MAX_ATTRIBUTE_NAME = 40;

/** A reference to what a publisher has as evidence. */
export const EVIDENCE_FORM = /^[\w.:/-]{1,120}$/;

/**
 * Attribute values by code. Codes and values are checked against the catalogue by the handler, so that
 * an unknown attribute and a wrong value have problem codes of their own.
 */
export const attributeValues = z
  .record(z.string().max(MAX_ATTRIBUTE_NAME), z.unknown())
  .refine((values) => Object.keys(values).length > 0, 'at-least-one-attribute');

const subjectParams = z.strictObject({ subject: uuid });
const evidence = z.string().regex(EVIDENCE_FORM, 'reference').optional();

export const subjectReply = z.strictObject({ subject: uuid, version: z.int(), changed: z.array(attributeCode) });

export const registerSubject = defineEndpoint({
  id: 'registerSubject',
  service: 'registry',
  method: 'POST',
  path: '/subjects',
  summary: 'Register a person',
  description:
    'A person registers themselves: the subject id is their token’s. An accredited publisher registers a person it knows and may assert identity attributes; the subject id is new.',
  who: ['person', 'agency'],
  body: z.strictObject({ attributes: attributeValues, evidence }),
  reply: subjectReply,
  status: 201,
  idempotent: true,
  problems: ['unknown-attribute', 'may-not-assert', 'already-registered', 'event-too-large', 'idempotency-mismatch'],
});

export const changeAttributes = defineEndpoint({
  id: 'changeAttributes',
  service: 'registry',
  method: 'PATCH',
  path: '/subjects/:subject/attributes',
  summary: 'Change attribute values of a person',
  description:
    'Values that are equal to the present ones change nothing: the version stays and nobody is notified. Answers after the change is durable.',
  who: ['person', 'agency'],
  params: subjectParams,
  body: z.strictObject({ attributes: attributeValues, evidence }),
  reply: subjectReply,
  status: 200,
  idempotent: true,
  versioned: true,
  problems: [
    'unknown-subject',
    'unknown-attribute',
    'may-not-assert',
    'stale-version',
    'event-too-large',
    'idempotency-mismatch',
  ],
});

export const readProfile = defineEndpoint({
  id: 'readProfile',
  service: 'registry',
  method: 'GET',
  path: '/subjects/:subject',
  summary: 'Read one’s own profile',
  description: 'Values with their provenance. The reading itself is recorded first.',
  who: ['person'],
  params: subjectParams,
  reply: z.strictObject({
    subject: uuid,
    version: z.int(),
    attributes: z.record(
      z.string(),
      z.strictObject({
        value: z.unknown(),
        assertedBy: z.string(),
        assertedAt: z.iso.datetime(),
        assurance: z.int().min(1).max(3),
        evidence: z.string().optional(),
        stale: z.boolean(),
      }),
    ),
  }),
  status: 200,
  problems: ['unknown-subject', 'cannot-record'],
});

export const readProfileAsOf = defineEndpoint({
  id: 'readProfileAsOf',
  service: 'registry',
  method: 'GET',
  path: '/subjects/:subject/as-of',
  summary: 'A person’s profile as it was at a past time',
  description:
    'By the recorded times of the person’s events. The person sees values; staff see codes, versions and where the values came from, never a value. The reading is recorded first.',
  who: ['person', 'supervisor', 'operator', 'auditor'],
  params: subjectParams,
  query: z.strictObject({ at: pastInstant }),
  reply: z.strictObject({
    subject: uuid,
    at: z.iso.datetime(),
    /** Counts the changes of values, as in the profile’s ETag. */
    version: z.int().min(1),
    attributes: z.record(
      z.string(),
      z.strictObject({
        /** Only for the person. */
        value: z.unknown().optional(),
        evidence: z.string().optional(),
        assertedBy: z.string(),
        /** When the event that brought it was recorded; `event` is its id. */
        recordedAt: z.iso.datetime(),
        event: uuid,
        /** The profile’s version that brought it. */
        version: z.int().min(1),
        assurance: z.int().min(1).max(3),
        /** Whether it was stale then. */
        stale: z.boolean(),
      }),
    ),
  }),
  status: 200,
  problems: ['unknown-subject', 'cannot-record'],
});

export const FILING_FIRST_LINE_HEADER = 'sluice-first-line';

export const filingLine = z.strictObject({ subject: uuid, attributes: attributeValues, evidence });
export const filingLineResult = z.strictObject({
  line: z.int().min(0),
  status: z.enum(['changed', 'unchanged', 'refused']),
  version: z.int().optional(),
  problem: z.string().optional(),
});
const filingState = z.strictObject({
  filing: uuid,
  /** Lines below this one are done; go on here. */
  nextLine: z.int().min(0),
  changed: z.int(),
  unchanged: z.int(),
  refused: z.int(),
});

export const fileChanges = defineEndpoint({
  id: 'fileChanges',
  service: 'registry',
  method: 'PUT',
  path: '/filings/:filing',
  summary: 'File many changes as an NDJSON stream',
  description: `One change a line ({subject, attributes, evidence?}); the answer streams one result a line ({line, status, version?, problem?}). The publisher chooses the filing’s uuid. After an interruption ask for its state and send the rest with \`${FILING_FIRST_LINE_HEADER}\`; lines before it are never applied twice. The server stops reading while it is behind.`,
  who: ['agency'],
  params: z.strictObject({ filing: uuid }),
  reply: filingLineResult,
  status: 200,
  stream: 'application/x-ndjson',
  problems: ['not-allowed', 'filing-line-mismatch', 'queue-full'],
});

export const readFiling = defineEndpoint({
  id: 'readFiling',
  service: 'registry',
  method: 'GET',
  path: '/filings/:filing',
  summary: 'The state of a filing',
  who: ['agency'],
  params: z.strictObject({ filing: uuid }),
  reply: filingState,
  status: 200,
  problems: ['unknown-filing'],
});

export const registryEndpoints = [
  registerSubject,
  changeAttributes,
  readProfile,
  readProfileAsOf,
  fileChanges,
  readFiling,
] as const;
