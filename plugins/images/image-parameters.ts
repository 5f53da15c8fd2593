import type { ContainerName } from '../../containers/bundle.ts';
import type { Template } from '../osls.ts';

/** The template's parameter that holds the image of a container. */
const parameterOf: Readonly<Record<ContainerName, string>> = { lister: 'ListerImage', worker: 'WorkerImage' };

/** A registry that can never be: the name ends in a domain that nobody gets. [src: RFC 6761, .invalid] */
const nowhere = 'not-built.invalid';

/** The containers that a template runs and for which no image was given. */
export function withoutImage(template: Template): ContainerName[] {
  return (['lister', 'worker'] as const).filter(
    (name) => template.Parameters?.[parameterOf[name]]?.Default === '',
  );
}

/** Writes an image into the template. Throws when the template has no parameter for it. */
export function setImage(template: Template, name: ContainerName, uri: string): void {
  const parameter = template.Parameters?.[parameterOf[name]];
  if (parameter === undefined) throw new Error(`the template has no parameter ${parameterOf[name]}`);
  parameter.Default = uri;
}

/** Stands for an image that only a deployment builds. */
export function placeholder(name: ContainerName): string {
  return `${nowhere}/drover/${name}:sls-deploy-builds-it`;
}

/** Whether the text of a template holds such a stand-in. */
export function holdsPlaceholder(templateText: string): boolean {
  return templateText.includes(`${nowhere}/`);
}
