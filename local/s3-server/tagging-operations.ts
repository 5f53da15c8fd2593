import { receiveDocument } from './body-intake.ts';
import { type Operation, type S3Request, type ServerState, xmlAnswer } from './operation.ts';
import { addressedObject } from './read-object.ts';
import { S3Error } from './s3-error.ts';
import { tagsFromXml, tagsToXml } from './tag-set.ts';

export const getObjectTagging: Operation = (server, request) => {
  refuseWithoutTags(server);
  return xmlAnswer(tagsToXml(addressedObject(server, request).object.attributes.tags));
};

/** Replaces the whole set. @throws {S3Error} MalformedXML, InvalidTag */
export const putObjectTagging: Operation = async (server, request) => {
  refuseWithoutTags(server);
  const document = await receiveDocument(request.message, server.storehouse.bodies.large, 64 * 1024);
  retag(server, request, tagsFromXml(document));
  return { status: 200 };
};

export const deleteObjectTagging: Operation = (server, request) => {
  refuseWithoutTags(server);
  retag(server, request, {});
  return { status: 204 };
};

function retag(server: ServerState, request: S3Request, tags: Readonly<Record<string, string>>): void {
  const { bucket, object } = addressedObject(server, request);
  bucket.shelf.retag(object.key, tags);
}

function refuseWithoutTags(server: ServerState): void {
  if (!server.faults.settings.tagging) throw new S3Error('NotImplemented');
}
