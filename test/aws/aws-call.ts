import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

/** What a role's policy has to allow: the action as IAM names it, on which resource. */
export type AwsCall = { service: string; action: string; resource: string };

/** A request as it came to AWS, with what was answered. */
export type AwsRequest = {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  status: number;
};

/** The access key that a request was signed with, and the service that it was signed for; null = not signed. */
export function signerOf({ headers }: Pick<AwsRequest, 'headers'>): { key: string; service: string } | null {
  const found = /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(headers.authorization ?? '');
  return found === null ? null : { key: found[1] ?? '', service: found[2] ?? '' };
}

/** What IAM asks for a request. [src: AWS service authorization reference, by service] */
export function callsOf(service: string, request: AwsRequest): AwsCall[] {
  if (service === 's3') return s3Calls(request);
  if (service === 'autoscaling') return [groupCall(request)];
  const target = String(request.headers['x-amz-target'] ?? '');
  const operation = target.slice(target.lastIndexOf('.') + 1);
  const input = Input.parse(JSON.parse(request.body.toString()));
  const on = (resource: string, action = operation): AwsCall[] => [{ service, action, resource }];
  switch (service) {
    case 'sqs':
      return on(input.QueueUrl.slice(input.QueueUrl.lastIndexOf('/') + 1), operation.replace(/Batch$/, ''));
    case 'secretsmanager':
      return on(input.SecretId);
    case 'ecs':
      // ListTasks, DescribeTasks and StopTask are allowed by tasks of a cluster.
      return on(`tasks of ${input.cluster}`);
    case 'states':
      return on(`executions of ${input.executionArn.split(':').at(-2)}`);
    default:
      throw new Error(`no rule says what ${service} ${operation} needs; add one`);
  }
}

const Input = z.object({
  QueueUrl: z.string().default(''),
  SecretId: z.string().default(''),
  cluster: z.string().default(''),
  executionArn: z.string().default(''),
});

function groupCall({ body }: AwsRequest): AwsCall {
  const form = new URLSearchParams(body.toString());
  const action = form.get('Action') ?? '';
  // Describing knows no resource in IAM.
  const resource = action.startsWith('Describe') ? '*' : (form.get('AutoScalingGroupName') ?? '');
  return { service: 'autoscaling', action, resource };
}

/** The bucket's name for calls on it, `bucket/*` for calls on its objects, and the object itself where one is deleted. */
function s3Calls({ method, url, headers, status }: AwsRequest): AwsCall[] {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?([\s\S]*)$/.exec(pathname) ?? [];
  const onBucket = (action: string, path = ''): AwsCall => ({
    service: 's3',
    action,
    resource: `${bucket}${path}`,
  });
  const onObject = (action: string): AwsCall => onBucket(action, '/*');
  if (key === '')
    return [onBucket(searchParams.has('uploads') ? 'ListBucketMultipartUploads' : 'ListBucket')];
  const tagging = searchParams.has('tagging');
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (tagging) return [onObject('GetObjectTagging')];
      if (searchParams.has('uploadId')) return [onObject('ListMultipartUploadParts')];
      // Without leave to list, S3 answers 403 for an object that is not there. [src: S3 API reference, GetObject]
      return [onObject('GetObject'), ...(status === 404 ? [onBucket('ListBucket')] : [])];
    case 'DELETE':
      if (searchParams.has('uploadId')) return [onObject('AbortMultipartUpload')];
      return [onBucket('DeleteObject', `/${decodeURIComponent(key)}`)];
    case 'PUT':
    case 'POST':
      if (tagging) return [onObject('PutObjectTagging')];
      return [
        onObject('PutObject'),
        ...(headers['x-amz-tagging'] === undefined ? [] : [onObject('PutObjectTagging')]),
      ];
    default:
      throw new Error(`no rule says what ${method} ${url} needs; add one`);
  }
}
