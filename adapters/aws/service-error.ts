/** An AWS service that refused or did not answer; the message names the resource, the service's code and its words. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** The service's code, such as `AccessDeniedException`, or that of the network. */
  readonly code: string;

  constructor(what: string, code: string, explanation: string) {
    super(`${what}: ${code}: ${explanation}`);
    this.code = code;
  }
}

/**
 * Says what could not be done, whatever the SDK threw; `what` is the start of a sentence. The SDK's error is not
 * kept as a cause, because it carries the signed request.
 */
export function serviceError(what: string, error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const explanation =
    error instanceof Error && error.message !== '' ? error.message : 'no further explanation';
  return new ServiceError(what, codeOf(error), explanation);
}

/** The code of what an SDK client threw: the service's, or that of Node's network. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Unknown';
  if (error.name !== 'Error') return error.name;
  return 'code' in error ? String(error.code) : 'Unknown';
}
