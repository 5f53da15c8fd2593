import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretMissing } from '../../core/errors.ts';
import type { Clock, Secrets } from '../../core/ports.ts';
import { clientOptions, type ServiceConnection } from './service-connection.ts';
import { codeOf, serviceError } from './service-error.ts';

/** How long a value is believed without asking again. A refused credential asks at once, by `fresh`. */
const cacheSeconds = 60;

/** What to do about each answer of Secrets Manager that asking again does not change. [src: GetSecretValue, Errors] */
const mends: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'Create it there and store the value in it, or correct the name in the request.',
  AccessDeniedException:
    'Allow secretsmanager:GetSecretValue on it, and kms:Decrypt with its key, to the role that is named.',
  DecryptionFailure: 'Its KMS key cannot be used: enable the key, or give the secret another one.',
  InvalidRequestException: 'Restore it if it is scheduled for deletion, and store a value in it.',
  InvalidParameterException: 'Correct the name in the request.',
  ValidationException: 'Correct the name in the request.',
};

/**
 * Secrets in AWS Secrets Manager, each a text under `prefix` and its name. Values are kept in memory for a
 * minute; `fresh` asks again. Throws `SecretMissing` with the mend for a secret that is not there, may not be
 * read or holds no text, and `ServiceError` when the service does not answer; no message ever holds a value.
 */
export class StoredSecrets implements Secrets {
  readonly #client: SecretsManagerClient;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #known = new Map<string, { value: Promise<string>; untilMs: number }>();

  /** @param prefix what is put before every name, such as `/drover/dev` for the stage dev; may be empty. */
  constructor(connection: ServiceConnection, prefix: string, clock: Clock) {
    this.#client = new SecretsManagerClient(clientOptions(connection));
    this.#prefix = prefix;
    this.#clock = clock;
  }

  read(name: string, options: { fresh?: boolean } = {}): Promise<string> {
    const nowMs = this.#clock.nowMs();
    const known = this.#known.get(name);
    if (known !== undefined && nowMs < known.untilMs && options.fresh !== true) return known.value;
    const value = this.#ask(name);
    const entry = { value, untilMs: nowMs + cacheSeconds * 1000 };
    this.#known.set(name, entry);
    // A secret that was mended must not stay missing because of an earlier look at it.
    value.catch(() => {
      if (this.#known.get(name) === entry) this.#known.delete(name);
    });
    return value;
  }

  /** Closes the connections. */
  close(): void {
    this.#client.destroy();
  }

  async #ask(name: string): Promise<string> {
    const id = secretId(this.#prefix, name);
    const told = `The secret ${id} cannot be read from Secrets Manager`;
    let text: string | undefined;
    try {
      text = (await this.#client.send(new GetSecretValueCommand({ SecretId: id }))).SecretString;
    } catch (error) {
      const code = codeOf(error);
      const mend = Object.hasOwn(mends, code) ? mends[code] : undefined;
      if (mend === undefined) throw serviceError(told, error);
      const said = error instanceof Error ? error.message : '';
      throw new SecretMissing(`${told} (${code}: ${said}). ${mend}`);
    }
    if (text !== undefined && text !== '') return text;
    throw new SecretMissing(`The secret ${id} holds no text. Store the plain value as its secret string.`);
  }
}

/** A name without a slash in front gets one, so that no name reaches beyond the prefix's own folder. */
function secretId(prefix: string, name: string): string {
  return prefix === '' || name.startsWith('/') ? `${prefix}${name}` : `${prefix}/${name}`;
}
