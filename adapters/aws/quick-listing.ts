import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ListObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type ListedPage, parseListing, UnusualListing } from './listing-xml.ts';

type Wire = { response: unknown };

/** An answer that costs the SDK nothing to read. */
const nothing = Buffer.from('<ListBucketResult></ListBucketResult>');

/**
 * Makes a listing command read its answer by `parseListing`; signing, retries, redirects and errors stay the SDK's.
 * `page()` is what came, or null where the answer is written in a way that only the SDK's XML parser knows: then
 * the command's own output holds it.
 */
export function readQuickly(command: ListObjectsCommand | ListObjectsV2Command): {
  page(): ListedPage | null;
} {
  let page: ListedPage | null = null;
  const quickly =
    <Arguments>(next: (args: Arguments) => Promise<Wire>) =>
    async (args: Arguments): Promise<Wire> => {
      const result = await next(args);
      page = null;
      const response = result.response as { statusCode?: number; body?: unknown };
      if (response.statusCode !== 200 || !(response.body instanceof Readable)) return result;
      const body = await buffer(response.body);
      page = parseOrLeave(body);
      response.body = Readable.from([page === null ? body : nothing]);
      return result;
    };
  // Between the socket and the SDK's own reading. The SDK's types know no output of this shape.
  command.middlewareStack.addRelativeTo(quickly as never, {
    name: 'quickListing',
    relation: 'after',
    toMiddleware: 'deserializerMiddleware',
  });
  return { page: () => page };
}

/** The page, or null where the answer is written in a way that only a whole XML parser knows. */
export function parseOrLeave(body: Buffer): ListedPage | null {
  try {
    return parseListing(body);
  } catch (error) {
    if (error instanceof UnusualListing) return null;
    throw error;
  }
}
