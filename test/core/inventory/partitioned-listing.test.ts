import { expect, it } from 'vitest';
import { type BatchMessage, decodeBatch } from '../../../core/batching/batch.ts';
import { groupOf, partitionOf } from '../../../core/partition/partition-of.ts';
import type { MessageToSend } from '../../../core/ports.ts';
import { aPlace } from './listing-checks.ts';
import { runLister } from './listing-runs.ts';

const partitions = 7;
const texts = Object.fromEntries(
  Array.from({ length: 300 }, (_, n) => [`dir-${n % 5}/object-${n}`, `content ${n}`]),
);

/** Lists until it is finished, with a lister that dies after every so many of its acts. */
async function listedUnder(deathEvery: number | null) {
  const place = await aPlace(
    { source: texts },
    { partition: { strategy: 'hash', count: partitions }, batch: { maxObjects: 4 } },
    { pageSize: 50 },
  );
  place.plan = { ...place.plan, partitions };
  const sent: MessageToSend[] = [];
  const send = place.queue.send.bind(place.queue);
  place.queue.send = async (messages) => {
    sent.push(...messages);
    await send(messages);
  };
  let deaths = 0;
  for (let done = false; !done; ) {
    const death = deathEvery === null ? null : { step: deathEvery + deaths, when: 'after' as const };
    const ended = await runLister(place, { death });
    if (ended === 'died') deaths += 1;
    done = typeof ended !== 'string';
  }
  return { sent, deaths };
}

it.each([null, 3])(
  'every batch holds keys of one partition only and goes to its group (a death every %s acts)',
  async (deathEvery) => {
    const { sent, deaths } = await listedUnder(deathEvery);
    if (deathEvery !== null) expect(deaths).toBeGreaterThan(2);
    const batches: BatchMessage[] = sent.map(({ body }) => decodeBatch(body));
    for (const [index, { files, partition }] of batches.entries()) {
      expect(files.map(({ key }) => partitionOf(key, partitions))).toEqual(files.map(() => partition));
      expect(sent[index]?.group).toBe(groupOf(partition ?? -1));
    }
    const keys = new Set(batches.flatMap(({ files }) => files.map(({ key }) => key)));
    expect([...keys].toSorted()).toEqual(Object.keys(texts).toSorted());
    const names = new Set(batches.map(({ batch }) => batch));
    if (deathEvery === null) expect(names.size).toBe(batches.length);
  },
);
