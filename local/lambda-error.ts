/** An error as Step Functions sees it when a Lambda throws: the class's name, and JSON as the cause. */
export class LambdaError extends Error {
  constructor(thrown: unknown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    super(JSON.stringify({ errorType: error.name, errorMessage: error.message }), { cause: error });
    this.name = error.name;
  }
}

/** A failure of an integration that Step Functions waits for (`.sync`): always States.TaskFailed, with JSON as the cause. */
export class IntegrationFailed extends Error {
  override readonly name = 'States.TaskFailed';
  constructor(cause: Readonly<Record<string, unknown>>) {
    super(JSON.stringify(cause));
  }
}
