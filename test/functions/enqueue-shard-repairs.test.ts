import { describe, expect, it } from 'vitest';
import { type BatchFile, decodeBatch, maxMessageBytes } from '../../core/batching/batch.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { encodeJson, encodeLines } from '../../core/json-lines.ts';
import { batchEnvelope } from '../../core/migration.ts';
import { groupOf, partitionOf } from '../../core/partition/partition-of.ts';
import type { MessageToSend } from '../../core/ports.ts';
import type { Finding } from '../../core/verification/findings.ts';
import { enqueueShardRepairs } from '../../functions/enqueue-shard-repairs.ts';
import { perform } from '../../functions/step.ts';
import { memoryStack } from '../support/memory-stack.ts';
import { address, samplePlan } from '../support/sample-migration.ts';

const { folder } = address;
const event = { ...address, shard: '0003', round: 2 };
const fileOf = (key: string): BatchFile => ({
  key,
  to: key,
  sizeBytes: 7,
  etag: 'e',
  modifiedAtMs: 5,
  storageClass: null,
});
const repair = (key: string): Finding => ({ action: 'repair', key, reason: 'missing', file: fileOf(key) });

async function opened(findings: readonly Finding[] | null, plan = samplePlan()) {
  const stack = memoryStack();
  await stack.jobStore.write(jobLayout.plan(folder), encodeJson(plan));
  if (findings !== null)
    await stack.jobStore.write(jobLayout.findings(folder, '0003'), encodeLines(findings));
  const bodies = async () => {
    const all: string[] = [];
    for (;;) {
      const taken = await stack.queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 3600 });
      if (taken.length === 0) return all;
      all.push(...taken.map(({ body }) => body));
    }
  };
  return { stack, bodies };
}

describe('repairs', () => {
  it('go to the queue one key a message, exceptions not', async () => {
    const { stack, bodies } = await opened([
      repair('a'),
      { action: 'exception', key: 'b', kind: 'source-missing', reason: 'deleted' },
      repair('c'),
    ]);
    expect(await perform(enqueueShardRepairs, event, stack)).toBe('0003');
    expect((await bodies()).map(decodeBatch)).toEqual([
      { ...batchEnvelope(samplePlan()), batch: '0003-0-r2', shard: '0003', attempt: 1, files: [fileOf('a')] },
      { ...batchEnvelope(samplePlan()), batch: '0003-1-r2', shard: '0003', attempt: 1, files: [fileOf('c')] },
    ]);
  });

  it('go to the group of the partition that their key falls into now', async () => {
    const plan = { ...samplePlan({ request: { partition: { strategy: 'hash' } } }), partitions: 3 };
    const { stack } = await opened([repair('a'), repair('c'), repair('f')], plan);
    const sent: MessageToSend[] = [];
    stack.queue.send = async (messages) => void sent.push(...messages);
    await perform(enqueueShardRepairs, event, stack);
    expect(sent.map(({ body, group }) => [decodeBatch(body).partition, group])).toEqual(
      ['a', 'c', 'f'].map((key) => [partitionOf(key, 3), groupOf(partitionOf(key, 3))]),
    );
  });

  it('hold no secret value', async () => {
    const { stack, bodies } = await opened([repair('a')]);
    await perform(enqueueShardRepairs, event, stack);
    const [body = ''] = await bodies();
    expect(body).toContain('/from/secret');
    expect(body).not.toContain('from-secret');
  });

  it('are all sent, each under a name of its own, however many there are', async () => {
    const { stack, bodies } = await opened(
      Array.from({ length: 2500 }, (_, index) => repair(`key-${index}`)),
    );
    await perform(enqueueShardRepairs, event, stack);
    const batches = (await bodies()).map(decodeBatch);
    expect(new Set(batches.map(({ batch }) => batch)).size).toBe(2500);
    expect(new Set(batches.flatMap(({ files }) => files.map(({ key }) => key))).size).toBe(2500);
  });

  it('of the longest and strangest key fit a message that SQS takes', async () => {
    const key = '\ufffe\u{1f600}'.repeat(146);
    expect(Buffer.byteLength(key)).toBeGreaterThan(1000);
    const { stack, bodies } = await opened([repair(key)]);
    await perform(enqueueShardRepairs, event, stack);
    const [body = ''] = await bodies();
    expect(body.length).toBeLessThan(maxMessageBytes);
    expect(decodeBatch(body).files[0]?.key).toBe(key);
  });

  it('are refused when the findings are gone', async () => {
    const { stack, bodies } = await opened(null);
    await expect(perform(enqueueShardRepairs, event, stack)).rejects.toMatchObject({
      name: 'JobStoreDamaged',
      message:
        'memory://migrations/exit-ibm/findings/0003.jsonl.gz is missing: start the migration again, it verifies again.',
    });
    expect(await bodies()).toEqual([]);
  });

  it('are no part of the first round', async () => {
    const { stack } = await opened([repair('a')]);
    await expect(perform(enqueueShardRepairs, { ...event, round: 1 }, stack)).rejects.toThrow('round');
  });
});
