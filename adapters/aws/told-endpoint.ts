/** What the SDK knows of the place to which it sends a command, before it signs or counts it. */
export type ToldEndpoint = {
  url: URL;
  headers?: object;
  properties?: { authSchemes?: { name?: string; signingName?: string; signingRegion?: string }[] };
};

type Asking = (_next: unknown, context: { endpointV2?: ToldEndpoint }) => () => Promise<never>;

/** The part of a command's middleware that is used here, whosever command it is. */
type Command = {
  middlewareStack: {
    addRelativeTo(asking: Asking, place: { name: string; relation: 'after'; toMiddleware: string }): void;
  };
};

/** Ends a command before anything is sent. */
class Asked extends Error {
  override readonly name = 'Asked';
}

/**
 * Where the SDK would send a command, by its own rules and without asking anybody: as it is known behind the middleware of
 * this name. Rejects with what keeps the SDK from telling.
 */
export async function toldEndpoint<Asks extends Command>(
  command: Asks,
  send: (command: Asks) => Promise<unknown>,
  toMiddleware: string,
): Promise<ToldEndpoint | undefined> {
  let told: ToldEndpoint | undefined;
  command.middlewareStack.addRelativeTo(
    (_next, context) => async () => {
      told = context.endpointV2;
      throw new Asked();
    },
    { name: 'askAddress', relation: 'after', toMiddleware },
  );
  await send(command).catch((error: unknown) => {
    if (!(error instanceof Asked)) throw error;
  });
  return told;
}
