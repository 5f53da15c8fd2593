import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { ClientConfig } from '../osls.ts';

/** What a stack consists of and what it is doing. */
export type StackActivity = {
  /** Physical ids by logical ones; null when there is no such stack. */
  resources(stackName: string): Promise<Map<string, string> | null>;
  /** Names of executions that run, at most a hundred. */
  executions(stateMachineArn: string): Promise<string[]>;
  /** Tasks that live, at most a hundred. */
  tasks(cluster: string): Promise<number>;
  /** Instances of the group that are not gone. */
  instances(group: string): Promise<number>;
  /** Messages of all kinds. */
  messages(queueUrl: string): Promise<number>;
};

/** Asks AWS. Throws what the SDK throws. */
export function awsActivity(config: ClientConfig): StackActivity {
  return {
    async resources(StackName) {
      const found = new Map<string, string>();
      const client = new CloudFormationClient(config);
      try {
        for await (const page of paginateListStackResources({ client }, { StackName })) {
          for (const {
            LogicalResourceId,
            PhysicalResourceId,
            ResourceStatus,
          } of page.StackResourceSummaries ?? []) {
            if (
              LogicalResourceId !== undefined &&
              PhysicalResourceId !== undefined &&
              ResourceStatus !== 'DELETE_COMPLETE'
            )
              found.set(LogicalResourceId, PhysicalResourceId);
          }
        }
      } catch (error) {
        if (error instanceof Error && /does not exist/.test(error.message)) return null;
        throw error;
      }
      return found;
    },
    async executions(stateMachineArn) {
      const command = new ListExecutionsCommand({
        stateMachineArn,
        statusFilter: 'RUNNING',
        maxResults: 100,
      });
      const { executions = [] } = await new SFNClient(config).send(command);
      return executions.flatMap(({ name }) => name ?? []);
    },
    async tasks(cluster) {
      const command = new ListTasksCommand({ cluster, desiredStatus: 'RUNNING' });
      return (await new ECSClient(config).send(command)).taskArns?.length ?? 0;
    },
    async instances(group) {
      const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
      const { AutoScalingGroups } = await new AutoScalingClient(config).send(command);
      const instances = AutoScalingGroups?.[0]?.Instances ?? [];
      return instances.filter(({ LifecycleState }) => LifecycleState !== 'Terminated').length;
    },
    async messages(QueueUrl) {
      const names = [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ] as const;
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] });
      const { Attributes = {} } = await new SQSClient(config).send(command);
      return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
    },
  };
}
