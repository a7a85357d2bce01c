import { z } from 'zod';
import type { Caller, EndpointContract } from '../http/endpoint.js';
import { PROBLEMS, type ProblemCode } from '../problems.js';

/** Problems any endpoint may answer with; the rest comes from its contract. */
const ALWAYS: readonly ProblemCode[] = ['validation-failed', 'internal'];
const SECURED: readonly ProblemCode[] = ['token-missing', 'token-invalid', 'token-expired', 'not-allowed'];

type Json = Record<string, unknown>;

const PROBLEM_SCHEMA: Json = {
  type: 'object',
  description: 'RFC 9457 problem document. It names the rule, never the data.',
  required: ['type', 'title', 'status', 'code', 'instance'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string', description: 'English, or Chinese by Accept-Language.' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(PROBLEMS) },
    instance: { type: 'string', description: 'The request id.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'rule'],
        properties: { path: { type: 'string' }, rule: { type: 'string' } },
      },
    },
  },
};

/** The OpenAPI 3.1 document of one service, from its endpoint contracts alone. */
export function openApiOf(service: string, description: string, endpoints: readonly EndpointContract[]): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operationOf(endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: { title: `Sluice ${service}`, version: '1', description },
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  };
}

function operationOf(endpoint: EndpointContract): Json {
  const open = endpoint.who.length === 0;
  return {
    operationId: endpoint.id,
    summary: endpoint.summary,
    description: [endpoint.description, callersSentence(endpoint.who)].filter(Boolean).join('\n\n'),
    security: open ? [] : [{ bearer: [] }],
    parameters: parametersOf(endpoint),
    ...bodyOf(endpoint),
    responses: { ...successesOf(endpoint), ...problemsOf(endpoint, open) },
  };
}

function callersSentence(who: readonly Caller[]): string {
  return who.length === 0 ? 'Open to anyone.' : `May be called by: ${who.join(', ')}.`;
}

function parametersOf(endpoint: EndpointContract): Json[] {
  const parameters: Json[] = [];
  for (const [where, schema] of [
    ['path', endpoint.params],
    ['query', endpoint.query],
  ] as const) {
    if (schema === undefined) continue;
    const { properties = {}, required = [] } = schemaOf(schema, 'input') as { properties?: Json; required?: string[] };
    for (const [name, property] of Object.entries(properties)) {
      parameters.push({ name, in: where, required: where === 'path' || required.includes(name), schema: property });
    }
  }
  const header = (name: string, required: boolean, description: string): void => {
    parameters.push({ name, in: 'header', required, description, schema: { type: 'string' } });
  };
  if (endpoint.idempotent) header('Idempotency-Key', true, 'Repeats of the same command under one key act once.');
  if (endpoint.versioned) header('If-Match', true, 'The ETag of the version you saw.');
  if (endpoint.waits) header('Prefer', false, '`wait=N`: seconds to wait for the effect; default 2.');
  return parameters;
}

function bodyOf(endpoint: EndpointContract): Json {
  if (endpoint.stream) {
    return { requestBody: { required: true, content: { [endpoint.stream]: { schema: { type: 'string' } } } } };
  }
  if (endpoint.body === undefined) return {};
  const required = !endpoint.body.safeParse(undefined).success;
  return { requestBody: { required, content: { 'application/json': { schema: schemaOf(endpoint.body, 'input') } } } };
}

function successesOf(endpoint: EndpointContract): Json {
  const content =
    endpoint.produces === undefined
      ? { [endpoint.stream ?? 'application/json']: { schema: schemaOf(endpoint.reply, 'output') } }
      : Object.fromEntries(endpoint.produces.map((type) => [type, { schema: { type: 'string' } }]));
  const responses: Json = {};
  for (const status of [endpoint.status, ...(endpoint.otherStatuses ?? [])]) {
    responses[status] = { description: status === 202 ? 'Recorded; the effect is still to come.' : 'Done.', content };
  }
  return responses;
}

function problemsOf(endpoint: EndpointContract, open: boolean): Json {
  const codes = new Set<ProblemCode>([...endpoint.problems, ...ALWAYS, ...(open ? [] : SECURED)]);
  if (endpoint.idempotent) codes.add('idempotency-key-required');
  if (endpoint.versioned) codes.add('if-match-required');
  if (endpoint.body !== undefined) codes.add('body-not-json').add('body-too-large').add('unsupported-media-type');
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) byStatus.set(PROBLEMS[code].status, [...(byStatus.get(PROBLEMS[code].status) ?? []), code]);
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, list]) => [
        status,
        { description: list.map((code) => `\`${code}\`: ${PROBLEMS[code].en}`).join('\n\n'), content },
      ]),
  );
}

/** JSON Schema 2020-12 of a contract, as it is sent or as it is answered. */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
