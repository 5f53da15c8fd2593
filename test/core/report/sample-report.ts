import { Report } from '../../../core/report/report.ts';

/** The moment at which every sample starts. */
export const sampleStart = '2026-11-23T08:21:22.000Z';

const momentAt = (seconds: number) => new Date(Date.parse(sampleStart) + seconds * 1000).toISOString();

/** A report of 2,143 objects that all arrived, with whatever a test changes; valid by the schema. */
export function sampleReport(changes: Partial<Report> = {}): Report {
  return Report.parse({
    migration: 'archive-2026-11',
    status: 'SUCCEEDED',
    error: null,
    source: {
      bucket: 'media-archive',
      prefix: 'raw/',
      provider: 'IBMCOS',
      endpoint: 'https://s3.us-south.example.com',
    },
    destination: {
      bucket: 'archive',
      prefix: 'ibm/',
      region: 'us-east-1',
      endpoint: null,
      storageClass: 'INTELLIGENT_TIERING',
    },
    listed: { objects: 2143, bytes: 1_331_439_861_760 },
    outcomes: {
      copied: { objects: 2100, bytes: 1_318_554_959_872 },
      unchanged: { objects: 43, bytes: 12_884_901_888 },
      excluded: { objects: 0, bytes: 0 },
      exception: { objects: 0, bytes: 0 },
    },
    exceptionKinds: {},
    exceptions: [],
    exceptionsFile: null,
    verification: {
      rounds: 1,
      verified: 2143,
      provenByChecksum: 2000,
      provenBySize: 143,
      provenByContent: 0,
      kept: 0,
      missing: 0,
      different: 0,
      extra: 0,
      repaired: 0,
    },
    requests: {
      source: { ListObjectsV2: 12, GetObject: 2310 },
      destination: { ListObjectsV2: 9, PutObject: 2050, CreateMultipartUpload: 50, UploadPart: 1200 },
    },
    throughput: Array.from({ length: 66 }, (_, minute) => ({
      startedAt: momentAt(120 + minute * 60),
      seconds: 60,
      objects: minute === 65 ? 20 : 32,
      bytes: 19_978_105_452,
    })),
    states: [
      { name: 'Validate', startedAt: momentAt(0), seconds: 0.1 },
      { name: 'Preflight', startedAt: momentAt(0.1), seconds: 1.4 },
      { name: 'List source', startedAt: momentAt(1.5), seconds: 400 },
      { name: 'Drain', startedAt: momentAt(401.5), seconds: 3800 },
      { name: 'Verify', startedAt: momentAt(4201.5), seconds: 110 },
      { name: 'Clean up', startedAt: momentAt(4311.5), seconds: 8.5 },
    ],
    startedAt: sampleStart,
    finishedAt: momentAt(4320),
    seconds: 4320,
    ...changes,
  });
}

/** What differs in a report of 2,143 objects of which three need a decision, two of them shown. */
export const withExceptions: Partial<Report> = {
  status: 'FINISHED_WITH_EXCEPTIONS',
  outcomes: {
    copied: { objects: 2097, bytes: 1_318_554_959_000 },
    unchanged: { objects: 43, bytes: 12_884_901_888 },
    excluded: { objects: 0, bytes: 0 },
    exception: { objects: 3, bytes: 872 },
  },
  exceptionKinds: { 'source-archived': 2, corrupt: 1 },
  exceptions: [
    { key: 'raw/a.mov', kind: 'source-archived', reason: 'InvalidObjectState: GLACIER' },
    { key: 'raw/b.mov', kind: 'corrupt', reason: 'MD5 differs' },
  ],
  exceptionsFile: 's3://jobs/archive-2026-11/exceptions.jsonl.gz',
};

/** The text that a reader of the page sees, without markup; entities decoded, blanks folded. */
export function readerText(page: string): string {
  return page
    .replace(/<style>[\s\S]*?<\/style>/g, ' ')
    .replace(/<(?:code|bdi|mark|b|span)\b[^>]*>|<\/(?:code|bdi|mark|b|span)>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}
