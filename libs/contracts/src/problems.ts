/**
 * The closed list of problem codes (RFC 9457). A refusal names the rule, never the data.
 * `retry` says whether the same request may succeed later without being changed.
 */
export interface ProblemDefinition {
  readonly status: number;
  readonly retry: boolean;
  readonly en: string;
  readonly zh: string;
}

export const PROBLEMS = {
  'body-not-json': { status: 400, retry: false, en: 'The body is not valid JSON.', zh: '请求正文不是有效的 JSON。' },
  'validation-failed': {
    status: 422,
    retry: false,
    en: 'The request does not follow its contract.',
    zh: '请求不符合约定的格式。',
  },
  'idempotency-key-required': {
    status: 400,
    retry: false,
    en: 'A command needs an Idempotency-Key header.',
    zh: '命令须带 Idempotency-Key 请求头。',
  },
  'token-missing': { status: 401, retry: false, en: 'A bearer token is required.', zh: '需要访问令牌。' },
  'token-invalid': {
    status: 401,
    retry: false,
    en: 'The token is not one this service accepts.',
    zh: '访问令牌不被接受。',
  },
  'token-expired': { status: 401, retry: false, en: 'The token has expired.', zh: '访问令牌已过期。' },
  'not-allowed': { status: 403, retry: false, en: 'This principal may not do this.', zh: '当前主体无权执行此操作。' },
  'may-not-assert': {
    status: 403,
    retry: false,
    en: 'This principal may not assert one of these attributes.',
    zh: '当前主体无权填报其中某项信息。',
  },
  'not-accredited': {
    status: 403,
    retry: false,
    en: 'The accreditation does not cover this.',
    zh: '该机构的准入范围不包括此项。',
  },
  'outside-purpose': {
    status: 403,
    retry: false,
    en: 'The purpose does not allow one of these attributes or terms.',
    zh: '该用途不允许其中某项信息或条件。',
  },
  'not-found': { status: 404, retry: false, en: 'There is nothing at this address.', zh: '此地址没有内容。' },
  'unknown-subject': { status: 404, retry: false, en: 'No such person is known here.', zh: '没有此人的登记。' },
  'unknown-grant': { status: 404, retry: false, en: 'No such grant is known here.', zh: '没有此项授权。' },
  'unknown-agency': { status: 404, retry: false, en: 'No such agency is known here.', zh: '没有此机构。' },
  'unknown-entry': { status: 404, retry: false, en: 'The history has no such entry.', zh: '使用记录中没有此条目。' },
  'unknown-case': { status: 404, retry: false, en: 'No such case is known here.', zh: '没有此询问或异议。' },
  'unknown-seal': { status: 404, retry: false, en: 'No such seal is known here.', zh: '没有此保密令。' },
  'unknown-filing': { status: 404, retry: false, en: 'No such filing is known here.', zh: '没有此批报送。' },
  'unknown-replay': { status: 404, retry: false, en: 'No such replay is known here.', zh: '没有此项重放。' },
  'unknown-sequence': {
    status: 404,
    retry: false,
    en: 'The lane does not hold these sequences.',
    zh: '该通道没有所指的序号。',
  },
  'method-not-allowed': { status: 405, retry: false, en: 'This method is not offered here.', zh: '此处不支持该方法。' },
  'already-registered': { status: 409, retry: false, en: 'This person is registered already.', zh: '此人已经登记。' },
  'already-exists': { status: 409, retry: false, en: 'This exists already.', zh: '已经存在。' },
  'wrong-state': {
    status: 409,
    retry: false,
    en: 'The present state does not allow this move.',
    zh: '当前状态不允许此操作。',
  },
  'too-many-open-cases': {
    status: 409,
    retry: false,
    en: 'As many cases as may be open at a time are open already.',
    zh: '处理中的询问和异议已达上限。',
  },
  'same-person': { status: 409, retry: false, en: 'A second person has to do this.', zh: '须由另一人办理。' },
  'plan-expired': {
    status: 409,
    retry: false,
    en: 'The plan has waited too long and has to be made again.',
    zh: '计划搁置过久，须重新制定。',
  },
  'concurrent-change': {
    status: 409,
    retry: true,
    en: 'Others changed this at the same time; try again.',
    zh: '他人同时修改了此内容，请重试。',
  },
  'filing-line-mismatch': {
    status: 409,
    retry: false,
    en: 'The filing goes on at another line; ask for its state.',
    zh: '报送应从另一行继续，请查询其状态。',
  },
  'stale-version': {
    status: 412,
    retry: false,
    en: 'If-Match names a version that is not the present one.',
    zh: 'If-Match 所指版本不是当前版本。',
  },
  'event-too-large': {
    status: 413,
    retry: false,
    en: 'The change is too large to be published.',
    zh: '变更过大，无法发布。',
  },
  'body-too-large': { status: 413, retry: false, en: 'The body is too large.', zh: '请求正文过大。' },
  'unsupported-media-type': {
    status: 415,
    retry: false,
    en: 'This content type is not accepted here.',
    zh: '不接受此内容类型。',
  },
  'idempotency-mismatch': {
    status: 422,
    retry: false,
    en: 'This Idempotency-Key was used for another request.',
    zh: '此 Idempotency-Key 已用于另一请求。',
  },
  'unknown-attribute': {
    status: 422,
    retry: false,
    en: 'One of the attributes is not in the catalogue.',
    zh: '其中某项信息不在目录中。',
  },
  'if-match-required': {
    status: 428,
    retry: false,
    en: 'An If-Match header with the version you saw is required.',
    zh: '须带 If-Match 请求头，写明所见版本。',
  },
  'queue-full': {
    status: 429,
    retry: true,
    en: 'The queue is full; try again after the time in Retry-After.',
    zh: '队列已满，请按 Retry-After 稍后再试。',
  },
  internal: {
    status: 500,
    retry: true,
    en: 'Something went wrong here; it has been logged under the request id.',
    zh: '服务内部出错，已按请求编号记录。',
  },
  'cannot-record': {
    status: 503,
    retry: true,
    en: 'The service cannot record at present and therefore does nothing.',
    zh: '服务暂时无法记录，因此不予办理。',
  },
  'not-ready': { status: 503, retry: true, en: 'The service is not ready.', zh: '服务尚未就绪。' },
} as const satisfies Record<string, ProblemDefinition>;

export type ProblemCode = keyof typeof PROBLEMS;

/** What is wrong with one place of the input: a JSON path and the rule it breaks, never the value. */
export interface ProblemDetail {
  readonly path: string;
  readonly rule: string;
}

/** An RFC 9457 problem document as every service answers it. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  instance: string;
  errors?: ProblemDetail[];
}

export function problemType(code: ProblemCode): string {
  return `https://sluice.example/problems/${code}`;
}
