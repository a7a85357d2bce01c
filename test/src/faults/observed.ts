import type { Recipient } from '../support/recipient.js';

/** The phone numbers a recipient was told of for each grant, in the order of the feed, without the snapshots. */
export function phonesByGrant(recipient: Recipient): Map<string, string[]> {
  const phones = new Map<string, string[]>();
  for (const event of recipient.events) {
    if (event.type !== 'sluice.feed.profile-changed.v1' || event.grant === undefined) continue;
    const list = phones.get(event.grant) ?? [];
    list.push(String(event.data.attributes.mobilePhone));
    phones.set(event.grant, list);
  }
  return phones;
}
