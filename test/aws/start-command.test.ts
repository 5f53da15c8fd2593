import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';

const request = { source: { bucket: 'from-here' }, destination: { bucket: 'to-there', region: 'us-east-1' } };

describeOnMoto('drover start', () => {
  let server: MotoServer;
  let client: SFNClient;
  let folder: string;
  const start = async (input: object, argv: string[], changes: Record<string, string | undefined> = {}) => {
    await writeFile(join(folder, 'request.json'), JSON.stringify(input));
    const script = new URL('../../local/drover.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, 'start', '--input', 'request.json', ...argv], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'operator',
        AWS_SECRET_ACCESS_KEY: 'hidden-value',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_ENDPOINT_URL: server.endpoint,
        ...changes,
      },
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (text) => (said.stdout += text));
    child.stderr.on('data', (text) => (said.stderr += text));
    const [code] = await once(child, 'close');
    expect(said.stderr).not.toContain('hidden-value');
    return { code, ...said };
  };

  beforeAll(async () => {
    server = await startMoto();
    folder = await mkdtemp(join(tmpdir(), 'drover-start-'));
    client = new SFNClient({ ...motoAccount, endpoint: server.endpoint });
    const definition = '{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}';
    const roleArn = 'arn:aws:iam::123456789012:role/machine';
    await client.send(new CreateStateMachineCommand({ name: 'drover-prod-migrate', definition, roleArn }));
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('starts the stage’s state machine with the request as it is, says where to watch, and resumes after an end', async () => {
    const first = await start(request, ['--stage', 'prod', '--id', 'mine']);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/:execution:drover-prod-migrate:mine\n$/),
    });
    const executionArn = first.stdout.trim();
    expect(first.stderr).toContain(`#/v2/executions/details/${executionArn}`);
    const { input = '' } = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect(JSON.parse(input)).toEqual(request);

    const other = { ...request, existing: 'keep' };
    const refused = await start(other, ['--stage', 'prod', '--id', 'mine']);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^StackBusy: migration "mine" runs with another request.*another --id/),
    });
    await client.send(new StopExecutionCommand({ executionArn }));
    const again = await start(request, ['--stage', 'prod', '--id', 'mine']);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/:drover-prod-migrate:mine@2\n$/) });
    expect(again.stderr).toContain('it resumes');
  });

  it.each([
    ['a wrong request', { source: { bucket: 'x' } }, [], {}, 2, /^InvalidRequest: .*bucket/],
    ['a wrong id', request, ['--id', 'a/b'], {}, 2, /^InvalidRequest: --id is "a\/b"/],
    ['no region', request, [], { AWS_REGION: undefined }, 2, /^UsageError: AWS_REGION is not set/],
    ['a stage that is not there', request, [], {}, 1, /no state machine drover-dev-migrate .*sls deploy/],
    [
      'no credentials',
      request,
      [],
      { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
      1,
      /^AWS gave no credentials: .*AWS_PROFILE/,
    ],
  ])('refuses %s with one line and starts nothing', async (_, input, argv, changes, code, said) => {
    const ended = await start(input, argv, changes);
    expect(ended.stderr).toMatch(said);
    expect(ended).toMatchObject({ code, stdout: '' });
  });
});
