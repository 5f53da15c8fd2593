/** Where `plainQuery` goes: before the request is signed. */
export const beforeSigning = { step: 'build', name: 'plainQuery' } as const;

/**
 * A middleware that leaves out `x-id`, the operation's name, which the SDK adds to the query for nobody but
 * log readers and which not every store's signature check survives. [src: rclone, provider GCS, use_x_id]
 */
export const plainQuery =
  <Arguments extends { request: unknown }, Result>(next: (args: Arguments) => Promise<Result>) =>
  (args: Arguments): Promise<Result> => {
    const { request } = args;
    if (typeof request === 'object' && request !== null && 'query' in request) {
      delete (request.query as Record<string, unknown>)['x-id'];
    }
    return next(args);
  };
