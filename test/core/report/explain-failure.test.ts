import { expect, test } from 'vitest';
import { explainFailure } from '../../../core/report/explain-failure.ts';

const silent = async () => null;
const lambda = JSON.stringify({
  errorType: 'SourceDenied',
  errorMessage: 'the source refuses to list "a"',
  trace: ['SourceDenied: the source refuses', '    at run'],
});
const childExecution = (child: { Error: string; Cause: string }) =>
  JSON.stringify({ ExecutionArn: 'arn:…', Status: 'FAILED', Input: '{}', ...child });
const stoppedTask = JSON.stringify({
  StoppedReason: 'Essential container in task exited',
  StopCode: 'EssentialContainerExited',
  Containers: [{ ExitCode: 1 }],
});

test.each<[string, { Error: string; Cause: string }, { name: string; message: string }]>([
  [
    'a step that threw, in its own words',
    { Error: 'SourceDenied', Cause: lambda },
    { name: 'SourceDenied', message: 'the source refuses to list "a"' },
  ],
  [
    'a child execution that failed, in the words of its Fail state',
    {
      Error: 'States.TaskFailed',
      Cause: childExecution({ Error: 'Stalled', Cause: 'The queue did not change.' }),
    },
    { name: 'Stalled', message: 'The queue did not change.' },
  ],
  [
    'a child execution in which a step threw, in the words of the step',
    { Error: 'States.TaskFailed', Cause: childExecution({ Error: 'SourceDenied', Cause: lambda }) },
    { name: 'SourceDenied', message: 'the source refuses to list "a"' },
  ],
  [
    'a child execution without a cause',
    { Error: 'States.TaskFailed', Cause: JSON.stringify({ Error: 'States.Timeout' }) },
    { name: 'States.Timeout', message: 'no cause was given' },
  ],
  [
    'a task that stopped without a word',
    { Error: 'States.TaskFailed', Cause: stoppedTask },
    {
      name: 'ListingFailed',
      message:
        'the lister stopped: Essential container in task exited. Start the migration again under the same id: it resumes.',
    },
  ],
  [
    'plain text',
    { Error: 'States.Runtime', Cause: 'The JSONPath $.x could not be found' },
    { name: 'States.Runtime', message: 'The JSONPath $.x could not be found' },
  ],
  [
    'JSON that says nothing',
    { Error: 'States.Runtime', Cause: '{}' },
    { name: 'States.Runtime', message: '{}' },
  ],
  [
    'no cause at all',
    { Error: 'States.Timeout', Cause: '' },
    { name: 'States.Timeout', message: 'no cause was given' },
  ],
])('explains %s', async (_, failure, explained) => {
  expect(await explainFailure(failure, silent)).toEqual(explained);
});

test('a task that stopped is explained by the last words of the lister', async () => {
  const lastWords = { name: 'CheckpointMismatch', message: 'the source could not be listed to its end (…)' };
  expect(
    await explainFailure({ Error: 'States.TaskFailed', Cause: stoppedTask }, async () => lastWords),
  ).toEqual(lastWords);
});

test('a distributed map that failed says where its cause is found, since it does not know it', async () => {
  const Cause = 'The specified tolerated failure threshold was exceeded';
  const failure = { Error: 'States.ExceedToleratedFailureThreshold', Cause };
  const { name, message } = await explainFailure(failure, async () => null);
  expect(name).toBe(failure.Error);
  expect(message).toMatch(/^a shard failed .*threshold was exceeded.*Map Run.* failed child.*it resumes\.$/);
});
