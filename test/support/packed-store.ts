import { scanListing } from '../../adapters/aws/scan-listing.ts';
import type { ObjectStore } from '../../core/ports.ts';
import { listedObjectsXml } from '../../local/s3-server/listing-xml.ts';
import { encodeListedKey } from '../../local/s3-server/xml-text.ts';
import { replacing } from './memory-buckets.ts';

type ReadsPages = Required<Pick<ObjectStore, 'readPage'>>;

/**
 * The same store, whose pages come as bytes, as those of Amazon S3 do. The bytes are lent in
 * earnest: nothing of them is left when whoever was given them has returned. `packed` is told how many objects came so.
 */
export function withPackedPages<Store extends Pick<ObjectStore, 'listPage'>>(
  store: Store,
  packed: (objects: number) => void = () => undefined,
): Store & ReadsPages {
  const reading: ReadsPages = {
    async readPage(query, use) {
      const page = await store.listPage(query);
      const listed = page.objects.map((object) => ({
        ...object,
        etag: object.etag ?? '',
        storageClass: object.storageClass ?? 'STANDARD',
      }));
      const contents = listedObjectsXml(listed, encodeListedKey, false);
      const around = `<EncodingType>url</EncodingType><IsTruncated>${page.more}</IsTruncated>`;
      const bytes = Buffer.from(`<ListBucketResult>${around}${contents}</ListBucketResult>`);
      const scanned = scanListing(bytes);
      if (scanned === null) return use(page);
      packed(scanned.count);
      const used = use(scanned);
      bytes.fill(0x2a);
      for (const field of [scanned.keyFrom, scanned.keyTo, scanned.sizeBytes, scanned.keyForm]) field.fill(0);
      return used;
    },
  };
  return replacing(store as Store & ReadsPages, reading as Partial<Store & ReadsPages>);
}
