import type { GrantView } from '@sluice/contracts';
import { isRefusal, type Refusal, type Reply } from '@sluice/platform';

/** A grant with its version as ETag. */
export function viewReply(view: GrantView | Refusal): Reply<GrantView> | Refusal {
  return isRefusal(view) ? view : { body: view, version: view.version };
}

/** A grant that has just begun, with its address. */
export function beginReply(view: GrantView | Refusal): Reply<GrantView> | Refusal {
  return isRefusal(view) ? view : { body: view, version: view.version, location: `/grants/${view.grant}` };
}
