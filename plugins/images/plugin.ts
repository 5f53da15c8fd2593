import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Osls, PluginWriters } from '../osls.ts';
import { type BuildParts, buildImages } from './build-images.ts';
import { ecrRegistry } from './ecr-registry.ts';
import { holdsPlaceholder, placeholder, setImage, withoutImage } from './image-parameters.ts';
import { runDocker } from './run-docker.ts';

/**
 * Gives the stack its images: `sls deploy` builds what has changed, pushes it and pins it by digest in the template;
 * `sls package` asks nobody and leaves a placeholder that no deployment accepts. Images given by the
 * parameters listerImage and workerImage are taken as they are.
 */
export default class DroverImages {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;
  readonly #osls: Osls;
  readonly #say: (text: string) => void;
  readonly #parts: Partial<BuildParts>;

  /** `parts`: what a test puts in place of AWS, docker and esbuild. */
  constructor(osls: Osls, _options: unknown, { log }: PluginWriters, parts: Partial<BuildParts> = {}) {
    this.#osls = osls;
    this.#say = (text) => log.notice(text);
    this.#parts = parts;
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.#pin(),
      'before:aws:deploy:deploy:createStack': () => this.#refuseUnbuilt(),
    };
  }

  async #pin(): Promise<void> {
    const template = this.#osls.service.provider.compiledCloudFormationTemplate;
    const names = withoutImage(template);
    if (names.length === 0) return;
    if (this.#osls.processedInput.commands.join(' ') !== 'deploy') {
      for (const name of names) setImage(template, name, placeholder(name));
      return;
    }
    const images = await this.#told(async () => buildImages(names, await this.#buildParts()));
    for (const [name, uri] of images) setImage(template, name, uri);
  }

  async #buildParts(): Promise<BuildParts> {
    const { serviceDir, service } = this.#osls;
    const aws = this.#osls.getProvider('aws');
    return {
      registry:
        this.#parts.registry ??
        ecrRegistry(await aws.getAwsSdkV3Config(), {
          service: service.service,
          stage: aws.getStage(),
          templatePath: join(serviceDir, 'resources', 'images.yml'),
        }),
      docker: this.#parts.docker ?? runDocker,
      bundle: this.#parts.bundle ?? bundleContainer,
      root: this.#parts.root ?? serviceDir,
      say: this.#say,
    };
  }

  /** Stops the deployment of a package (`sls deploy --package`) that was made without images. */
  async #refuseUnbuilt(): Promise<void> {
    const file = this.#osls.getProvider('aws').naming.getCompiledTemplateFileName();
    const text = await readFile(join(this.#osls.serviceDir, '.serverless', file), 'utf8').catch(() => '');
    if (!holdsPlaceholder(text)) return;
    throw new this.#osls.classes.Error(
      'This package holds no images, since "sls package" builds none. Deploy without --package, or package with --param listerImage=<uri@digest> --param workerImage=<uri@digest>.',
      'DROVER_IMAGES_NOT_BUILT',
    );
  }

  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw new this.#osls.classes.Error(
        error instanceof Error ? error.message : String(error),
        'DROVER_IMAGES_FAILED',
      );
    }
  }
}

/** Loaded when an image is built: osls requires its plugins, and a module that awaits at its top cannot be required. */
const bundleContainer: BuildParts['bundle'] = async (name) =>
  (await import('../../containers/bundle.ts')).bundle(name);
