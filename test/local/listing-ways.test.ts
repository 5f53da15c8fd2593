import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeJson } from '../../core/json-lines.ts';
import { MigrationPlan } from '../../core/migration.ts';
import { contentOf, type TwoBuckets, twoBuckets } from '../support/two-buckets.ts';

let buckets: TwoBuckets;
beforeEach(async () => {
  buckets = await twoBuckets();
});
afterEach(() => buckets.close());

async function measuredWay(): Promise<string> {
  const [id = ''] = await readdir(join(buckets.out, 'migrations'));
  const plan = await readFile(join(buckets.out, 'migrations', id, 'plan.json'));
  return decodeJson(plan, MigrationPlan).capabilities.listing;
}

const keys = ['a', 'a/b', 'a-b', 'größe/🐂', 'w//double', '/lead', 'z/deep/er', '\u{10000}', '\ufffd'];

describe('a migration from a store', { timeout: 120_000 }, () => {
  it.each([
    ['that lists in an order of its own', 'unordered', 'unordered'],
    ['that goes on by its own tokens only, and shows folders', 'token-only', 'folders'],
    ['that goes on by its own tokens only, and shows no folders', 'no-delimiter', 'stream'],
  ] as const)('%s brings every object over, and a second pass copies nothing', async (_, fault, way) => {
    for (const key of keys) await buckets.put(key, `content of ${key}`);
    buckets.source.faults.listing = fault;
    const first = await buckets.migrate();
    expect(first.error).toBeNull();
    expect(first.report?.status).toBe('SUCCEEDED');
    expect(first.report?.exceptions).toEqual([]);
    expect(first.report?.listed.objects).toBe(keys.length);
    expect([...(await contentOf(buckets.to)).keys()].sort()).toEqual([...keys].sort());
    expect(await measuredWay()).toBe(way);
    await buckets.put('m/new', 'new');
    const second = await buckets.migrate();
    expect(second.report?.status).toBe('SUCCEEDED');
    expect(second.report?.outcomes).toMatchObject({
      copied: { objects: 1 },
      unchanged: { objects: keys.length },
    });
  });

  it('is refused as a destination, by name, when it lists in an order of its own', async () => {
    for (const key of keys) {
      await buckets.put(key, `content of ${key}`);
      await buckets.to.put(key, Buffer.from('old'), 3, {});
    }
    buckets.destination.faults.listing = 'unordered';
    const { report, error } = await buckets.migrate();
    expect(report?.status ?? 'FAILED').toBe('FAILED');
    expect(`${error?.name} ${error?.message}`).toMatch(/ListingUnordered: .*not UTF-8 byte order/);
  });
});
