/**
 * The part of Lambda's runtime that a step meets: a process of its own that loads the module, calls `handler` with
 * each event and a context, and tells an error by its name and message. Started by lambda-process.ts.
 */
const [, , file = ''] = process.argv;
const { handler } = (await import(file)) as { handler(event: unknown, context: object): Promise<unknown> };

process.on('message', (message) => {
  const { id, event } = message as { id: number; event: unknown };
  const context = {
    functionName: 'test',
    memoryLimitInMB: '512',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:test',
    awsRequestId: String(id),
    getRemainingTimeInMillis: () => 900_000,
  };
  handler(event, context).then(
    (result) => process.send?.({ id, result }),
    (thrown: unknown) => {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      process.send?.({ id, error: { name: error.name, message: error.message } });
    },
  );
});

// Whoever started this has ended.
process.on('disconnect', () => process.exit());
