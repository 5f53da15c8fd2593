/**
 * Resource types of the template that moto's CloudFormation leaves out without a word. What they say is held by
 * test/template; stack.test.ts fails when a type is missing here, or when moto learns to create one.
 */
export const unsupportedResources: Readonly<Record<string, string>> = {
  'AWS::AutoScaling::ScalingPolicy': 'the group is moved by Raise fleet and Clean up only',
  'AWS::CloudWatch::Alarm': 'moto creates alarms by their own API only',
  'AWS::Logs::MetricFilter': 'moto creates metric filters by their own API only',
  'AWS::S3::BucketPolicy': 'moto checks no policy',
  'AWS::SQS::QueuePolicy': 'moto checks no policy',
  'AWS::SecretsManager::Secret':
    'createStack makes them by their own API, with the names and values of the template',
};
