/** A queue that refused or did not answer; the message names the queue, SQS's code and what to look at. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
  /** SQS's code, such as `QueueDoesNotExist`, or that of the network. */
  readonly code: string;

  constructor(queueUrl: string, action: string, code: string, explanation: string) {
    super(`The queue ${queueUrl} could not ${action}: ${code}: ${explanation}`);
    this.code = code;
  }
}

/** Says which queue could not do what, whatever the SDK threw. */
export function queueError(queueUrl: string, action: string, error: unknown): QueueError {
  if (error instanceof QueueError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const name = error instanceof Error && error.name !== 'Error' ? error.name : undefined;
  const explanation =
    error instanceof Error && error.message !== '' ? error.message : 'no further explanation';
  return new QueueError(queueUrl, action, code ?? name ?? 'Unknown', explanation);
}

/**
 * Whether SQS means that the receipt no longer holds the message: it was deleted, or its lease ended. Codes
 * come with and without their old prefix, and one case only as a sentence. [src: Amazon SQS API reference,
 * ChangeMessageVisibility]
 */
export function isLostLease(code = '', message = ''): boolean {
  if (/(ReceiptHandleIsInvalid|MessageNotInflight)$/.test(code)) return true;
  return code.endsWith('InvalidParameterValue') && /ReceiptHandle is invalid/.test(message);
}
