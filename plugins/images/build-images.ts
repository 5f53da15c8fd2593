import { join } from 'node:path';
import type { ContainerName } from '../../containers/bundle.ts';
import { inputHash, platform } from './input-hash.ts';
import type { RunDocker } from './run-docker.ts';

/** Where images are kept. */
export type Registry = {
  /** Makes sure that there is a repository for each container, and gives their URIs. */
  repositories(): Promise<Readonly<Record<ContainerName, string>>>;
  /** The digest of the image under a tag; null when there is none. */
  digestOf(repositoryUri: string, tag: string): Promise<string | null>;
  /** What docker has to say to push; good for some hours. */
  login(): Promise<{ user: string; password: string; registry: string }>;
};

/** What building images needs. */
export type BuildParts = {
  registry: Registry;
  docker: RunDocker;
  /** Bundles a container and gives the folder. */
  bundle(name: ContainerName): Promise<string>;
  /** The folder with `containers/`. */
  root: string;
  say(text: string): void;
};

/**
 * Gives the images of these containers, each as a URI with a digest. What the registry has under the hash of the same
 * inputs is taken from there; anything else is built and pushed. Docker is asked only for what has to be built.
 * Throws an error that says what failed and how to do without.
 */
export async function buildImages(
  names: readonly ContainerName[],
  parts: BuildParts,
): Promise<Map<ContainerName, string>> {
  const { registry, say } = parts;
  const repositories = await registry.repositories();
  const images = new Map<ContainerName, string>();
  let ready = false;
  for (const name of names) {
    const repository = repositories[name];
    const context = await parts.bundle(name);
    const dockerfile = join(parts.root, 'containers', name, 'Dockerfile');
    const tag = await inputHash(context, dockerfile);
    let digest = await registry.digestOf(repository, tag);
    if (digest === null) {
      if (!ready) await getReady(parts);
      ready = true;
      say(`Building the image of the ${name} (${tag})`);
      digest = await buildAndPush({ context, dockerfile, repository, tag }, parts);
    } else say(`The image of the ${name} (${tag}) is there already`);
    images.set(name, `${repository}@${digest}`);
  }
  return images;
}

/** Looks whether docker can build, and logs it in. */
async function getReady({ docker, registry }: BuildParts): Promise<void> {
  try {
    await docker(['buildx', 'version']);
  } catch (error) {
    throw new Error(
      `The images of the containers have to be built, which takes Docker with buildx (${messageOf(error)}). Install it, or deploy images that are built: --param listerImage=<uri@digest> --param workerImage=<uri@digest>`,
    );
  }
  const { user, password, registry: host } = await registry.login();
  await docker(['login', '--username', user, '--password-stdin', host], password);
}

async function buildAndPush(
  image: { context: string; dockerfile: string; repository: string; tag: string },
  { docker, registry }: BuildParts,
): Promise<string> {
  const { context, dockerfile, repository, tag } = image;
  let failure: unknown = null;
  try {
    // Without attestations the digest is that of the image itself.
    const plain = ['--provenance=false', '--sbom=false'];
    const named = ['--file', dockerfile, '--tag', `${repository}:${tag}`];
    await docker(['buildx', 'build', '--platform', platform, ...plain, ...named, '--push', context]);
  } catch (error) {
    failure = error;
  }
  // A tag is never written twice: when somebody else pushed the same inputs meanwhile, theirs is as good.
  const digest = await registry.digestOf(repository, tag);
  if (digest !== null) return digest;
  throw new Error(
    failure === null
      ? `${repository}:${tag} was pushed, but the registry does not have it`
      : `${repository}:${tag} could not be built: ${messageOf(failure)}`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
