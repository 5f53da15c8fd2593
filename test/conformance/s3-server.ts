import { afterAll, beforeAll, describe } from 'vitest';
import { keyCases } from './s3-server/key-cases.ts';
import { listingCases } from './s3-server/listing-cases.ts';
import { multipartCases } from './s3-server/multipart-cases.ts';
import { objectCases } from './s3-server/object-cases.ts';
import { rcloneCases } from './s3-server/rclone-cases.ts';
import { readingCases } from './s3-server/reading-cases.ts';
import { refusalCases } from './s3-server/refusal-cases.ts';
import { openSubject, type S3Target, type Subject } from './s3-server/target.ts';

export type { Quirk, S3Target } from './s3-server/target.ts';

/**
 * What Drover expects of every S3 server, checked from outside with the AWS SDK and with rclone. It makes
 * buckets of its own and removes them. `quirks` of the target name what a server is known not to do.
 */
export function s3ServerSuite(name: string, open: () => Promise<S3Target>): void {
  describe(name, () => {
    let opened: (Subject & { close(): Promise<void> }) | undefined;
    const subject = (): Subject => {
      if (opened === undefined)
        throw new Error('The server under test has not started; see the error above.');
      return opened;
    };
    beforeAll(async () => {
      opened = await openSubject(await open());
    });
    afterAll(async () => {
      await opened?.close();
      await opened?.target.stop();
    });

    keyCases(subject);
    listingCases(subject);
    objectCases(subject);
    readingCases(subject);
    multipartCases(subject);
    refusalCases(subject);
    rcloneCases(subject);
  });
}
