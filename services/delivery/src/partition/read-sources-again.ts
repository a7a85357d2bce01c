import { type LedgerSource, SOURCE_TOPIC, type SourceTopic, TOPICS } from '@sluice/contracts';
import type { PartitionPuller, PulledRecord } from '@sluice/messaging';
import { consentSource, type RegistrySource, registrySource, type Source, vettingSource } from './read-sources.js';
import { reread } from './reread.js';
import { readHeaders } from './source-record.js';

const TOPIC_OF: Record<SourceTopic, string> = {
  [SOURCE_TOPIC.registry]: TOPICS.registry.name,
  [SOURCE_TOPIC.consent]: TOPICS.consent.name,
  [SOURCE_TOPIC.vetting]: TOPICS.vetting.name,
};

/** Reads from Kafka what the ledger names, in its order. */
export async function readSourcesAgain(
  sources: readonly LedgerSource[],
  lane: number,
  puller: PartitionPuller,
): Promise<(Source | RegistrySource)[]> {
  const read = new Map<LedgerSource, Source | RegistrySource>();
  for (const topic of [SOURCE_TOPIC.registry, SOURCE_TOPIC.consent, SOURCE_TOPIC.vetting] as const) {
    const ofTopic = sources.filter((source) => source.topic === topic);
    if (ofTopic.length === 0) continue;
    const partition = topic === SOURCE_TOPIC.vetting ? 0 : lane;
    const offsets = ofTopic.map((source) => source.offset);
    const records = await reread(puller, TOPIC_OF[topic], partition, offsets);
    for (const source of ofTopic) read.set(source, sourceOf(topic, records.get(source.offset)!));
  }
  return sources.map((source) => read.get(source)!);
}

function sourceOf(topic: SourceTopic, record: PulledRecord): Source | RegistrySource {
  const headers = readHeaders(record);
  switch (topic) {
    case SOURCE_TOPIC.registry:
      return registrySource(record, headers);
    case SOURCE_TOPIC.consent:
      return consentSource(record, headers).notice!;
    case SOURCE_TOPIC.vetting:
      return vettingSource(record, headers).notice!;
  }
}
