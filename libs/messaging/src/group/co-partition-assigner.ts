import type {
  ClusterMetadata,
  ExtendedGroupProtocolSubscription,
  GroupPartitionsAssignments,
} from '@platformatic/kafka';

/**
 * Shares out partition numbers: whoever gets p gets p of every topic. Members keep what they have as far as the
 * balance allows (no member has two more than another); the rest goes to those with least, in the order of their ids.
 *
 * A partition that changes hands between living members is given to nobody in this round: its owner learns that it
 * lost it, stops, and joins again, and only then the next one gets it (cooperative rebalancing, KIP-429).
 */
export function assignByPartition(
  _leader: string,
  members: Map<string, ExtendedGroupProtocolSubscription>,
  topics: Set<string>,
  metadata: ClusterMetadata,
): GroupPartitionsAssignments[] {
  const counts = [...topics].map((topic) => metadata.topics.get(topic)?.partitionsCount ?? 0);
  const owners = currentOwners(members, Math.max(...counts));
  const wanted = balance([...members.keys()].sort(), owners);
  return [...members.keys()].map((memberId) => {
    const partitions = [...wanted.keys()].filter(
      (partition) => wanted[partition] === memberId && (owners[partition] ?? memberId) === memberId,
    );
    return {
      memberId,
      assignments: new Map([...topics].map((topic) => [topic, { topic, partitions }])),
    };
  });
}

/** Who has each partition now. A claim from an older generation was overtaken: that member did not hear of it yet. */
function currentOwners(
  members: Map<string, ExtendedGroupProtocolSubscription>,
  partitions: number,
): (string | undefined)[] {
  const owners = new Array<string | undefined>(partitions).fill(undefined);
  const generations = new Array<number>(partitions).fill(-1);
  for (const [memberId, { ownedPartitions = [], generationId = -1 }] of members) {
    for (const partition of new Set(ownedPartitions.flatMap((owned) => owned.partitions))) {
      if (partition >= partitions || generationId < generations[partition]!) continue;
      generations[partition] = generationId;
      owners[partition] = memberId;
    }
  }
  return owners;
}

function balance(memberIds: string[], owners: readonly (string | undefined)[]): string[] {
  const held = new Map(memberIds.map((id) => [id, 0]));
  for (const owner of owners) if (owner !== undefined) held.set(owner, held.get(owner)! + 1);
  const share = Math.floor(owners.length / memberIds.length);
  // The members that hold most keep the shares that are one larger: fewer partitions move.
  const larger = new Set(
    [...memberIds].sort((a, b) => held.get(b)! - held.get(a)!).slice(0, owners.length % memberIds.length),
  );
  const room = new Map(memberIds.map((id) => [id, share + (larger.has(id) ? 1 : 0)]));
  const wanted = owners.map((owner) => {
    if (owner === undefined || room.get(owner)! === 0) return undefined;
    room.set(owner, room.get(owner)! - 1);
    return owner;
  });
  return wanted.map((member) => {
    if (member !== undefined) return member;
    const next = memberIds.find((id) => room.get(id)! > 0)!;
    room.set(next, room.get(next)! - 1);
    return next;
  });
}
