import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type DeployedStack, deploy } from './deployed.ts';
import { fullStack, plainStack } from './package-stack.ts';

const stacks = [deploy(await plainStack()), deploy(await fullStack())];

/** The definition as it was written, with the functions of CloudFormation in it worked out. */
function written(name: string, stack: DeployedStack): unknown {
  const text = readFileSync(new URL(`../../statemachines/${name}.asl.yaml`, import.meta.url), 'utf8');
  // What joins the subnets closes and opens the quotes of the JSON around it (migrate.asl.yaml, "List source").
  return JSON.parse(JSON.stringify(stack.resolve(parse(text))).replaceAll('\\",\\"', '","'));
}

/** The definition that Step Functions gets, but for the language that is the default anyway, which the validator writes into every state. */
function packaged(logicalId: string, stack: DeployedStack): Record<string, unknown> {
  return JSON.parse(String(stack.properties(logicalId)['DefinitionString']), (name, value: unknown) =>
    name === 'QueryLanguage' && value === 'JSONPath' ? undefined : value,
  );
}

/** Every state of a definition, those inside of maps too. */
function statesOf(definition: Record<string, unknown>): Record<string, unknown>[] {
  const found = Object.values((definition['States'] ?? {}) as Record<string, Record<string, unknown>>);
  return found.flatMap((state) => [
    state,
    ...statesOf((state['ItemProcessor'] ?? {}) as Record<string, unknown>),
  ]);
}

describe.each(stacks)('the state machines of stage $stage', (stack) => {
  it.each([
    ['migrate', 'MigrateStateMachine'],
    ['drain', 'DrainStateMachine'],
  ])('%s is the file that runs locally, word for word', (name, id) => {
    expect(packaged(id, stack)).toEqual(written(name, stack));
  });

  it('name their Lambdas, cluster, task and roles, and leave nothing to be filled in', () => {
    for (const id of ['MigrateStateMachine', 'DrainStateMachine'])
      expect(JSON.stringify(packaged(id, stack))).not.toMatch(/\$\{|Fn::|"Ref"/);
    const { States: states } = packaged('MigrateStateMachine', stack) as { States: Record<string, unknown> };
    expect(states['List source']).toMatchObject({
      Parameters: {
        Cluster: stack.ref('ListerCluster'),
        TaskDefinition: stack.ref('ListerTaskDefinition'),
        NetworkConfiguration: {
          AwsvpcConfiguration: {
            AssignPublicIp: stack.stage === 'dev' ? 'ENABLED' : 'DISABLED',
            Subnets: stack.properties('WorkerGroup')['VPCZoneIdentifier'],
            SecurityGroups: [stack.ref('WorkerSecurityGroup')],
          },
        },
      },
    });
  });

  it('are named after their stage, have roles of ours, and log errors without any data', () => {
    expect(stack.logicalIds('AWS::StepFunctions::StateMachine')).toEqual([
      'MigrateStateMachine',
      'DrainStateMachine',
    ]);
    for (const [id, name, role] of [
      ['MigrateStateMachine', 'migrate', 'MigrateRole'],
      ['DrainStateMachine', 'drain', 'DrainRole'],
    ] as const)
      expect(stack.properties(id)).toMatchObject({
        StateMachineName: `drover-${stack.stage}-${name}`,
        RoleArn: stack.arn(role),
        TracingConfiguration: { Enabled: true },
        LoggingConfiguration: {
          Level: 'ERROR',
          IncludeExecutionData: false,
          Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: stack.arn('MachineLogGroup') } }],
        },
      });
  });

  it('have a Lambda for each of their steps: Node 24 on arm64, its own role, and time for its state', () => {
    const functions = stack.logicalIds('AWS::Lambda::Function');
    const states = ['MigrateStateMachine', 'DrainStateMachine'].flatMap((id) =>
      statesOf(packaged(id, stack)),
    );
    for (const id of functions) {
      const found = stack.properties(id);
      expect(found).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(found['Role']).toBe(stack.arn(id.replace('LambdaFunction', 'Role')));
      const seconds = states.filter(({ Resource }) => Resource === stack.arn(id));
      expect([id, seconds.map(({ TimeoutSeconds }) => TimeoutSeconds)]).toEqual([id, [found['Timeout']]]);
    }
    expect(functions).toHaveLength(11);
  });
});
