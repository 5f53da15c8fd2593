import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { metricFields } from '../../containers/worker/metrics.ts';
import { deploy } from './deployed.ts';
import { fullStack, plainStack } from './package-stack.ts';

const plain = deploy(await plainStack());
const full = deploy(await fullStack());

/** What a worker's metrics are called. */
const interval = { objectsCopied: 0, bytesCopied: 0, objectsFailed: 0, throttled: 0, filesInFlight: 0 };
const workerMetrics = Object.keys(metricFields('dev', 0, interval)).filter(
  (name) => !/^(_aws|Stage)$/.test(name),
);

describe.each([plain, full])('the dashboard of stage $stage', (stack) => {
  const Body = z.object({
    widgets: z.array(
      z.object({
        type: z.enum(['metric', 'alarm', 'log']),
        x: z.number(),
        y: z.number(),
        width: z.number(),
        height: z.number(),
        properties: z.looseObject({
          title: z.string(),
          region: z.string().optional(),
          metrics: z.array(z.array(z.unknown())).optional(),
          alarms: z.array(z.string()).optional(),
          query: z.string().optional(),
        }),
      }),
    ),
  });
  const { widgets } = Body.parse(JSON.parse(String(stack.properties('Dashboard')['DashboardBody'])));

  it('answers how far, how fast and what is wrong, a row each', () => {
    const rows = Map.groupBy(widgets, ({ y }) => y);
    const titles = [...rows.values()].map((row) =>
      row.map(({ properties }) => properties.title.split(':')[0]),
    );
    expect(titles.slice(0, 3).map((row) => [...new Set(row)])).toEqual([
      ['How far'],
      ['How fast'],
      ['What is wrong'],
    ]);
    for (const row of rows.values()) expect(row.reduce((sum, { width }) => sum + width, 0)).toBe(24);
  });

  it('shows every alarm', () => {
    const shown = widgets.flatMap(({ properties }) => properties.alarms ?? []);
    expect(shown.sort()).toEqual(
      stack
        .logicalIds('AWS::CloudWatch::Alarm')
        .map((id) => stack.arn(id))
        .sort(),
    );
  });

  it('reads metrics that exist, of this stage and no other', () => {
    const owners: Record<string, readonly string[]> = {
      Drover: [stack.stage],
      'AWS/SQS': ['work', 'dead-letters', 'work.fifo', 'dead-letters.fifo'].map(
        (name) => `drover-${stack.stage}-${name}`,
      ),
      'AWS/AutoScaling': [`drover-${stack.stage}-workers`],
    };
    const metrics = widgets
      .flatMap(({ properties }) => properties.metrics ?? [])
      .filter(([first]) => typeof first === 'string');
    for (const [namespace, name, , owner] of metrics) {
      expect(owners[String(namespace)]).toContain(owner);
      if (namespace === 'Drover') expect(workerMetrics).toContain(name);
    }
    const queues = metrics.filter(([namespace]) => namespace === 'AWS/SQS').map(([, , , owner]) => owner);
    expect([...new Set(queues)].sort()).toEqual([...(owners['AWS/SQS'] ?? [])].sort());
    const drover = metrics.flatMap(([namespace, name]) => (namespace === 'Drover' ? [name] : []));
    expect([...new Set(drover)].sort()).toEqual([...workerMetrics].sort());
  });
});
