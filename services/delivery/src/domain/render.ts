import {
  type AttributeSet,
  type AttributeValues,
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
} from '@sluice/contracts';

/** What a delivery is rendered from: the source event, and nothing that can change after it. */
export interface RenderSource {
  kind: SourceKind;
  /** RFC 3339, as the authority recorded it. */
  time: string;
  /** Opened values of a change or snapshot. */
  values?: AttributeValues;
  /** JSON of each value, made once for all recipients. */
  fragments?: Map<string, string>;
  stop?: GrantStop;
  deleteBy?: string;
  /** The plan by which it is sent once more. */
  replay?: string;
}

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
 * One CloudEvent of a block, in JSON. A pure function of the source event and the recorded decision: after
 * a crash the same bytes come out again. Written by hand because it is the path of every delivery;
 * every string put in unescaped is a uuid, a code or a number.
 *
 * @param alias the pairwise id of the subject; ignored in notices about the agency itself
 */
export function renderDelivery(
  source: RenderSource,
  decision: LedgerDecision,
  alias: string,
  lane: number,
  sequence: number,
): string {
  const about =
    decision.grant === NIL_UUID
      ? ''
      : `,"subject":"${alias}","grant":"${decision.grant}","purpose":"${decision.purpose}","basis":"${decision.basis}"`;
  const replay = source.replay === undefined ? '' : `,"replay":"${source.replay}"`;
  return (
    `{"specversion":"1.0","id":"${decision.agency}.${lane}.${sequence}","source":"/delivery",` +
    `"type":"${TYPES[source.kind]}","time":"${source.time}","sequence":"${sequence}",` +
    `"datacontenttype":"application/json"${about}${replay},"data":${dataOf(source, decision.attributes)}}`
  );
}

function dataOf(source: RenderSource, attributes: AttributeSet): string {
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
      return `{"attributes":{${membersOf(source, attributes)}}}`;
  }
}

function membersOf(source: RenderSource, attributes: AttributeSet): string {
  const values = source.values!;
  source.fragments ??= new Map();
  let members = '';
  for (const code of attributesIn(attributes)) {
    let fragment = source.fragments.get(code);
    if (fragment === undefined) {
      fragment = `"${code}":${JSON.stringify(values[code])}`;
      source.fragments.set(code, fragment);
    }
    members = members === '' ? fragment : `${members},${fragment}`;
  }
  return members;
}
