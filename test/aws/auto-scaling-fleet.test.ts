import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AutoScalingFleet } from '../../adapters/aws/auto-scaling-fleet.ts';
import { ServiceError } from '../../adapters/aws/service-error.ts';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';

describeOnMoto('a fleet as an Auto Scaling group', () => {
  let server: MotoServer;
  let client: AutoScalingClient;
  const fleetOf = (group: string) =>
    new AutoScalingFleet({ ...motoAccount, endpoint: server.endpoint }, group);
  const boundsOf = async (group: string) => {
    const found = await client.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }));
    const { MinSize, MaxSize, DesiredCapacity } = found.AutoScalingGroups?.[0] ?? {};
    return [MinSize, MaxSize, DesiredCapacity];
  };

  beforeAll(async () => {
    server = await startMoto();
    client = new AutoScalingClient({ ...motoAccount, endpoint: server.endpoint });
    const LaunchConfigurationName = 'workers';
    await client.send(
      new CreateLaunchConfigurationCommand({
        LaunchConfigurationName,
        ImageId: 'ami-12c6146b',
        InstanceType: 'c7gn.large',
      }),
    );
    for (const [AutoScalingGroupName, NewInstancesProtectedFromScaleIn] of [
      ['plain', false],
      ['guarded', true],
    ] as const) {
      await client.send(
        new CreateAutoScalingGroupCommand({
          AutoScalingGroupName,
          NewInstancesProtectedFromScaleIn,
          LaunchConfigurationName,
          AvailabilityZones: ['us-east-1a'],
          MinSize: 0,
          MaxSize: 0,
        }),
      );
    }
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  it('costs nothing until it is raised, grows to what is wanted and goes back to nothing', async () => {
    const fleet = fleetOf('plain');
    expect(await fleet.size()).toEqual({ desired: 0, running: 0 });
    await fleet.setBounds({ minimum: 1, maximum: 4, desired: 1 });
    expect(await boundsOf('plain')).toEqual([1, 4, 1]);
    expect(await fleet.size()).toEqual({ desired: 1, running: 1 });
    await fleet.setBounds({ minimum: 1, maximum: 4, desired: 3 });
    expect(await fleet.size()).toEqual({ desired: 3, running: 3 });
    await fleet.setBounds({ minimum: 0, maximum: 0, desired: 0 });
    expect(await boundsOf('plain')).toEqual([0, 0, 0]);
    expect(await fleet.size()).toEqual({ desired: 0, running: 0 });
  });

  it('gives up instances that are protected from scale-in, more than one call takes', async () => {
    const fleet = fleetOf('guarded');
    await fleet.setBounds({ minimum: 1, maximum: 60, desired: 53 });
    await fleet.setBounds({ minimum: 1, maximum: 60, desired: 1 });
    expect((await fleet.size()).running, 'nothing that is protected ends while there is work').toBe(53);
    await fleet.setBounds({ minimum: 0, maximum: 0, desired: 0 });
    expect(await fleet.size()).toEqual({ desired: 0, running: 0 });
  });

  it('is named when it is not there', async () => {
    const fleet = fleetOf('nowhere');
    await expect(fleet.size()).rejects.toThrow(ServiceError);
    await expect(fleet.size()).rejects.toThrow(/group nowhere is not there.*WORKER_GROUP/);
    await expect(fleet.setBounds({ minimum: 1, maximum: 1, desired: 1 })).rejects.toThrow(
      /The Auto Scaling group nowhere could not take new bounds: \w+: /,
    );
  });
});
