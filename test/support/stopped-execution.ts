/**
 * What EventBridge sends when an execution was stopped, with every field that it has.
 * [src: Step Functions guide, EventBridge events, example "Execution Status Change: execution aborted"]
 */
export function stoppedExecution(name: string, startDate: number, status = 'ABORTED') {
  const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:drover-dev-migrate';
  const executionArn = `${machine.replace('stateMachine', 'execution')}:${name}`;
  return {
    version: '0',
    id: '315c1398-40ff-a850-213b-158f73e60175',
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account: '123456789012',
    time: '2019-02-26T19:42:21Z',
    region: 'us-east-1',
    resources: [executionArn],
    detail: {
      executionArn,
      stateMachineArn: machine,
      name,
      status,
      startDate,
      stopDate: startDate + 2_608,
      input: '{}',
      inputDetails: { included: true },
      output: null,
      outputDetails: null,
    },
  };
}
