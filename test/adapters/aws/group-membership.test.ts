import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GroupMembership } from '../../../adapters/aws/group-membership.ts';

/** Auto Scaling's answers, which moto does not know for lifecycle actions; the requests are the SDK's own. */
let refuse: { status: number; code: string; message: string } | null = null;
const asked: Record<string, string>[] = [];
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const fields = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
  asked.push(fields);
  const action = fields['Action'] ?? '';
  const body =
    refuse === null
      ? `<${action}Response><${action}Result/><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`
      : `<ErrorResponse><Error><Type>Sender</Type><Code>${refuse.code}</Code><Message>${refuse.message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
  response.writeHead(refuse?.status ?? 200, { 'content-type': 'text/xml' }).end(body);
});

let membership: GroupMembership;
beforeEach(async () => {
  refuse = null;
  asked.length = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  membership = new GroupMembership(
    {
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    },
    { group: 'drover-dev-workers', hook: 'drain', instance: 'i-0abc' },
  );
});
afterEach(async () => {
  membership.close();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
});

const action = {
  Version: '2011-01-01',
  AutoScalingGroupName: 'drover-dev-workers',
  LifecycleHookName: 'drain',
  InstanceId: 'i-0abc',
};

describe('an instance in its Auto Scaling group', () => {
  it('is spared from scale-in, and no longer', async () => {
    await membership.protect(true);
    await membership.protect(false);
    const told = {
      Action: 'SetInstanceProtection',
      Version: '2011-01-01',
      AutoScalingGroupName: 'drover-dev-workers',
      'InstanceIds.member.1': 'i-0abc',
    };
    expect(asked).toEqual([
      { ...told, ProtectedFromScaleIn: 'true' },
      { ...told, ProtectedFromScaleIn: 'false' },
    ]);
  });

  it('asks its hook for time and completes it', async () => {
    await membership.heartbeat();
    expect(await membership.complete()).toBe(true);
    expect(asked).toEqual([
      { Action: 'RecordLifecycleActionHeartbeat', ...action },
      { Action: 'CompleteLifecycleAction', ...action, LifecycleActionResult: 'CONTINUE' },
    ]);
  });

  it('says that nobody waits for it when the group does not', async () => {
    refuse = {
      status: 400,
      code: 'ValidationError',
      message: 'No active Lifecycle Action found with instance ID i-0abc',
    };
    expect(await membership.complete()).toBe(false);
  });

  it('names the group and the refusal where it may not', async () => {
    refuse = { status: 403, code: 'AccessDenied', message: 'not authorized' };
    await expect(membership.complete()).rejects.toThrow(
      'The group drover-dev-workers could not be told that this instance is empty: AccessDenied: not authorized',
    );
    await expect(membership.protect(true)).rejects.toThrow(/could not change its protection: AccessDenied/);
  });
});
