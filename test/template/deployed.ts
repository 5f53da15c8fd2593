import { z } from 'zod';
import type { PackagedStack, Resource } from './package-stack.ts';

/** Where the stack would be deployed. */
export const place = { region: 'us-east-1', account: '123456789012', partition: 'aws' } as const;

/** A stack as CloudFormation makes it: conditions decided, references resolved, resources that do not apply left out. */
export type DeployedStack = {
  stage: string;
  /** Properties of a resource; throws when the stack has none of that name. */
  properties(logicalId: string): Fields;
  resource(logicalId: string): Resource & { properties: Fields };
  /** Logical ids of all resources, or of those of one type. */
  logicalIds(type?: string): string[];
  ref(logicalId: string): string;
  arn(logicalId: string): string;
  /** A value of the template with its functions worked out. */
  resolve(value: unknown): unknown;
};

export type Fields = Record<string, unknown>;
const Fields = z.record(z.string(), z.unknown());

/** What stands for a property that is left out. */
const noValue = Symbol('AWS::NoValue');

/**
 * Works out the template's functions the way CloudFormation does. An attribute or a name that only AWS would know is
 * made up from the logical id; a function that is not known here throws.
 */
export function deploy({ stage, template }: PackagedStack): DeployedStack {
  const stackName = `drover-${stage}`;

  function condition(value: unknown): boolean {
    const [name, inner] = Object.entries(Fields.parse(value))[0] ?? [];
    if (name === 'Condition') return holds(z.string().parse(inner));
    const list = z.array(z.unknown()).parse(inner);
    if (name === 'Fn::Equals') return resolve(list[0]) === resolve(list[1]);
    if (name === 'Fn::Not') return !condition(list[0]);
    if (name === 'Fn::And') return list.every(condition);
    if (name === 'Fn::Or') return list.some(condition);
    throw new Error(`no condition: ${JSON.stringify(value)}`);
  }
  const holds = (name: string): boolean => condition(template.Conditions[name]);

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== noValue);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, inner] = entries[0] ?? [];
    if (entries.length === 1 && (name === 'Ref' || name?.startsWith('Fn::') === true))
      return name === 'Ref' ? ref(z.string().parse(inner)) : call(name, inner);
    return Object.fromEntries(
      entries.map(([field, item]) => [field, resolve(item)] as const).filter(([, item]) => item !== noValue),
    );
  }

  function call(name: string, input: unknown): unknown {
    if (name === 'Fn::GetAtt') {
      const [logicalId, attribute] = z.tuple([z.string(), z.string()]).parse(input);
      return attributeOf(logicalId, attribute);
    }
    if (name === 'Fn::If') {
      const [decided, yes, no] = z.tuple([z.string(), z.unknown(), z.unknown()]).parse(input);
      return resolve(holds(decided) ? yes : no);
    }
    if (name === 'Fn::Join') {
      const [delimiter, list] = z.tuple([z.string(), z.unknown()]).parse(input);
      return z.array(z.string()).parse(resolve(list)).join(delimiter);
    }
    if (name === 'Fn::Select') {
      const [index, list] = z.tuple([z.coerce.number(), z.unknown()]).parse(input);
      return z.array(z.unknown()).parse(resolve(list))[index];
    }
    if (name === 'Fn::GetAZs') return ['a', 'b', 'c'].map((zone) => `${place.region}${zone}`);
    if (name === 'Fn::Base64') return resolve(input);
    if (name === 'Fn::Sub') return substitute(input);
    throw new Error(`${name} is not known here`);
  }

  function substitute(input: unknown): string {
    const [text, own] = Array.isArray(input) ? input : [input, {}];
    const variables = Fields.parse(own);
    return z
      .string()
      .parse(text)
      .replace(/\$\{([^!}][^}]*)\}/g, (_, variable: string) => {
        if (Object.hasOwn(variables, variable)) return String(resolve(variables[variable]));
        const [logicalId = '', attribute] = variable.split(/\.(.*)/s);
        return String(attribute === undefined ? ref(logicalId) : attributeOf(logicalId, attribute));
      });
  }

  function ref(name: string): unknown {
    const pseudo: Record<string, unknown> = {
      'AWS::NoValue': noValue,
      'AWS::Region': place.region,
      'AWS::AccountId': place.account,
      'AWS::Partition': place.partition,
      'AWS::StackName': stackName,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    if (Object.hasOwn(pseudo, name)) return pseudo[name];
    const parameter = template.Parameters[name];
    if (parameter !== undefined)
      return parameter.Type === 'CommaDelimitedList'
        ? parameter.Default.split(',').filter((part) => part !== '')
        : parameter.Default;
    return attributeOf(name, 'Ref');
  }

  function attributeOf(logicalId: string, attribute: string): string {
    const found = template.Resources[logicalId];
    if (found === undefined) throw new Error(`the template refers to ${logicalId}, which it does not have`);
    if (found.Condition !== undefined && !holds(found.Condition))
      throw new Error(`the template refers to ${logicalId}, which is left out`);
    const name = nameOf(logicalId, found);
    const arn = (service: string, rest: string) =>
      `arn:${place.partition}:${service}:${place.region}:${place.account}:${rest}`;
    // What Ref gives, and the ARN. [src: CloudFormation template reference, return values]
    const known: Record<string, { Ref?: string; Arn?: string; [attribute: string]: string | undefined }> = {
      'AWS::S3::Bucket': { Arn: `arn:${place.partition}:s3:::${name}` },
      'AWS::SQS::Queue': {
        Ref: `https://sqs.${place.region}.amazonaws.com/${place.account}/${name}`,
        Arn: arn('sqs', name),
        QueueName: name,
      },
      'AWS::SecretsManager::Secret': { Ref: arn('secretsmanager', `secret:${name}-AbCdEf`) },
      'AWS::Logs::LogGroup': { Arn: arn('logs', `log-group:${name}:*`) },
      'AWS::Lambda::Function': { Arn: arn('lambda', `function:${name}`) },
      'AWS::IAM::Role': { Arn: `arn:${place.partition}:iam::${place.account}:role/${name}` },
      'AWS::IAM::InstanceProfile': {
        Arn: `arn:${place.partition}:iam::${place.account}:instance-profile/${name}`,
      },
      'AWS::ECS::Cluster': { Arn: arn('ecs', `cluster/${name}`) },
      'AWS::ECS::TaskDefinition': { Ref: arn('ecs', `task-definition/${name}:1`) },
      'AWS::StepFunctions::StateMachine': {
        Ref: arn('states', `stateMachine:${name}`),
        Arn: arn('states', `stateMachine:${name}`),
      },
      'AWS::Events::Rule': { Arn: arn('events', `rule/${name}`) },
      'AWS::CloudWatch::Alarm': { Arn: arn('cloudwatch', `alarm:${name}`) },
      'AWS::EC2::LaunchTemplate': { LatestVersionNumber: '1' },
    };
    const value = attribute === 'Ref' ? (known[found.Type]?.Ref ?? name) : known[found.Type]?.[attribute];
    if (value === undefined) throw new Error(`${found.Type} has no ${attribute} that is known here`);
    return value;
  }

  /** The name that the template gives, else one that CloudFormation would make up. */
  function nameOf(logicalId: string, found: Resource): string {
    const given = Object.entries(found.Properties).find(([field]) => isName(field));
    return given === undefined ? `${stackName}-${logicalId}`.toLowerCase() : String(resolve(given[1]));
  }

  const present = Object.entries(template.Resources).filter(
    ([, { Condition }]) => Condition === undefined || holds(Condition),
  );
  const resource = (logicalId: string) => {
    const found = present.find(([id]) => id === logicalId)?.[1];
    if (found === undefined) throw new Error(`the stack ${stackName} has no ${logicalId}`);
    return { ...found, properties: Fields.parse(resolve(found.Properties)) };
  };
  return {
    stage,
    resource,
    properties: (logicalId) => resource(logicalId).properties,
    logicalIds: (type) =>
      present.filter(([, { Type }]) => type === undefined || Type === type).map(([id]) => id),
    ref: (logicalId) => attributeOf(logicalId, 'Ref'),
    arn: (logicalId) => attributeOf(logicalId, 'Arn'),
    resolve,
  };
}

/** Whether a property is the physical name of its resource. */
export function isName(property: string): boolean {
  return /^(Name|QueueName|LogGroupName|ClusterName|Family|FunctionName|LaunchTemplateName|AutoScalingGroupName|StateMachineName|AlarmName|DashboardName|BucketName|RoleName|PolicyName)$/.test(
    property,
  );
}
