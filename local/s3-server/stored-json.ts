import { z } from 'zod';
import type { BodyPart, ObjectAttributes } from './object-shelf.ts';

const texts = z.record(z.string(), z.string());
const attributes = z.strictObject({ headers: texts, tags: texts, checksums: texts });
const part = z.strictObject({ place: z.enum(['index', 'body']), id: z.int(), sizeBytes: z.int() });
const parts = z.array(part);

/** The JSON columns of the index, checked when they are read back. */
export const storedJson = {
  attributes: (json: unknown): ObjectAttributes => attributes.parse(JSON.parse(String(json))),
  body: (json: unknown): readonly BodyPart[] => parts.parse(JSON.parse(String(json))),
  texts: (json: unknown): Readonly<Record<string, string>> => texts.parse(JSON.parse(String(json))),
};
