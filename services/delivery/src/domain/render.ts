import {
  type AttributeSet,
  attributesIn,
  FEED_AGENCY_RESTORED,
  FEED_AGENCY_SUSPENDED,
  FEED_GRANT_NARROWED,
  FEED_GRANT_PAUSED,
  FEED_GRANT_STOPPED,
  FEED_PROFILE_CHANGED,
  FEED_SNAPSHOT,
  type FeedEventType,
  type GrantStop,
  type LedgerDecision,
  NIL_UUID,
  SOURCE_KIND,
  type SourceKind,
  type ValueTexts,
} from '@sluice/contracts';
import type { BlockText } from './block-text.js';

/** What a delivery is rendered from: the source event, and nothing that can change after it. */
export interface RenderSource {
  kind: SourceKind;
  /** RFC 3339, as the authority recorded it. */
  time: string;
  /** Opened values of a change or snapshot. */
  values?: ValueTexts;
  stop?: GrantStop;
  deleteBy?: string;
  /** The plan by which it is sent once more. */
  replay?: string;
}

const COMMA = 0x2c;
const CLOSE = 0x7d;

const TYPES: Record<SourceKind, FeedEventType> = {
  [SOURCE_KIND.registered]: FEED_PROFILE_CHANGED,
  [SOURCE_KIND.changed]: FEED_PROFILE_CHANGED,
  [SOURCE_KIND.snapshot]: FEED_SNAPSHOT,
  [SOURCE_KIND.grantStopped]: FEED_GRANT_STOPPED,
  [SOURCE_KIND.grantPaused]: FEED_GRANT_PAUSED,
  [SOURCE_KIND.grantNarrowed]: FEED_GRANT_NARROWED,
  [SOURCE_KIND.agencySuspended]: FEED_AGENCY_SUSPENDED,
  [SOURCE_KIND.agencyRevoked]: FEED_AGENCY_SUSPENDED,
  [SOURCE_KIND.agencyRestored]: FEED_AGENCY_RESTORED,
};

/**
 * Writes one CloudEvent of a block, in JSON. A pure function of the source event and the recorded decision: after
 * a crash the same bytes come out again. Written by hand because it is the path of every delivery;
 * every string put in unescaped is a uuid, a code or a number.
 *
 * @param alias the pairwise id of the subject; ignored in notices about the agency itself
 */
export function renderDelivery(
  into: BlockText,
  source: RenderSource,
  decision: LedgerDecision,
  alias: string,
  lane: number,
  sequence: number,
): void {
  const { agency, grant, purpose, basis } = decision;
  const about =
    grant === NIL_UUID ? '' : `,"subject":"${alias}","grant":"${grant}","purpose":"${purpose}","basis":"${basis}"`;
  const replay = source.replay === undefined ? '' : `,"replay":"${source.replay}"`;
  const notice = noticeOf(source, decision.attributes);
  into.ascii(
    `{"specversion":"1.0","id":"${agency}.${lane}.${sequence}","source":"/delivery",` +
      `"type":"${TYPES[source.kind]}","time":"${source.time}","sequence":"${sequence}",` +
      `"datacontenttype":"application/json"${about}${replay},"data":${notice ?? '{"attributes":{'}`,
  );
  if (notice === null) {
    writeMembers(into, source.values!, decision.attributes);
    into.byte(CLOSE);
    into.byte(CLOSE);
  }
  into.byte(CLOSE);
}

/** The data of what is about a grant or an agency, without a personal value; null of a change. */
function noticeOf(source: RenderSource, attributes: AttributeSet): string | null {
  switch (source.kind) {
    case SOURCE_KIND.grantStopped:
      return JSON.stringify({ state: source.stop, ...(source.deleteBy && { deleteBy: source.deleteBy }) });
    case SOURCE_KIND.grantNarrowed:
      return JSON.stringify({ attributes: attributesIn(attributes) });
    case SOURCE_KIND.agencySuspended:
      return '{"state":"suspended"}';
    case SOURCE_KIND.agencyRevoked:
      return '{"state":"revoked"}';
    case SOURCE_KIND.grantPaused:
    case SOURCE_KIND.agencyRestored:
      return '{}';
    default:
      return null;
  }
}

function writeMembers(into: BlockText, values: ValueTexts, attributes: AttributeSet): void {
  let first = true;
  values.each(attributes, (start, end) => {
    if (!first) into.byte(COMMA);
    first = false;
    into.copy(values.text, start, end);
  });
}
