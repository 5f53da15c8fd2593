import { countText, objectsText, shareText } from './figures.ts';
import type { Report } from './report.ts';

const times = (count: number) => (count === 1 ? 'once' : count === 2 ? 'twice' : `${countText(count)} times`);
const areIs = (count: number) => (count === 1 ? 'is' : 'are');

function methodSentences(report: Report): string[] {
  const { verified, provenByChecksum, provenBySize, provenByContent } = report.verification;
  const sentences: string[] = [];
  if (provenByChecksum > 0) {
    sentences.push(
      `${objectsText(provenByChecksum)} (${shareText(provenByChecksum, verified)}) proven by checksum: size and MD5 (of the whole, or of the same parts) are equal on both sides.`,
    );
  }
  if (provenBySize > 0) {
    sentences.push(
      `${objectsText(provenBySize)} (${shareText(provenBySize, verified)}) proven by size only: present, with the right number of bytes. Other content of the same size would not be noticed. It means that the two sides had no checksum that can be compared (usual for objects uploaded in parts), or that the request asked for sizes only.`,
    );
  }
  if (provenByContent > 0) {
    sentences.push(
      `${objectsText(provenByContent)} (${shareText(provenByContent, verified)}) proven by content: the sample was read on both sides and compared byte for byte.`,
    );
  }
  return sentences;
}

/** Objects that were refused before they could be looked for are exceptions, but neither missing nor different. */
function endSentence({ status, outcomes, verification: { missing, different } }: Report): string {
  const exceptions = outcomes.exception.objects;
  if (missing + different === 0) {
    return exceptions === 0
      ? 'At the end nothing was missing and nothing was different.'
      : 'Apart from the exceptions, nothing was missing and nothing was different at the end.';
  }
  const where = `At the end ${countText(missing)} ${areIs(missing)} missing at the destination and ${countText(different)} ${areIs(different)} different there`;
  return status === 'FAILED' ? `${where}.` : `${where}; they are among the exceptions.`;
}

function restSentences(report: Report): string[] {
  const { kept, extra, rounds, repaired } = report.verification;
  const sentences: string[] = [];
  if (kept > 0) {
    sentences.push(
      `${objectsText(kept)} ${areIs(kept)} present but not proven equal: the request says “existing: keep”, so what was there was left as it is.`,
    );
  }
  sentences.push(endSentence(report));
  if (extra > 0) {
    sentences.push(
      `${objectsText(extra)} under the destination prefix ${areIs(extra)} not in the source. They were left alone.`,
    );
  }
  if (repaired > 0) {
    sentences.push(
      `The verification ran ${times(rounds)}: it sent ${objectsText(repaired)} back to be copied again, and looked again afterwards.`,
    );
  }
  return sentences;
}

/**
 * What a migration proved, and how, in sentences: the strength of each proof, what it cannot show, and what is
 * left. They claim nothing that the verification did not see.
 */
export function proofSentences(report: Report): string[] {
  const { rounds, verified } = report.verification;
  if (rounds === 0) {
    return ['The verification was not reached. Nothing is proven about what is at the destination.'];
  }
  if (report.listed.objects === 0) {
    return ['The source listing was complete and empty, so there was nothing to compare.'];
  }
  return [
    `A fresh listing of the destination was merged, key by key, with the inventory of the source: ${objectsText(verified)} found as ${verified === 1 ? 'it' : 'they'} should be.`,
    ...methodSentences(report),
    ...restSentences(report),
  ];
}

/** Numbers of a report that cannot both be true. A reader has to know before trusting any of them. */
export function contradictions(report: Report): string[] {
  const { copied, unchanged, excluded, exception } = report.outcomes;
  const objects = copied.objects + unchanged.objects + excluded.objects + exception.objects;
  const bytes = copied.bytes + unchanged.bytes + excluded.bytes + exception.bytes;
  const kinds = Object.values(report.exceptionKinds).reduce((sum, count) => sum + count, 0);
  const { missing, different } = report.verification;
  const found: string[] = [];
  if (report.status !== 'FAILED' && (objects !== report.listed.objects || bytes !== report.listed.bytes)) {
    found.push(
      `The outcomes add up to ${objectsText(objects)} and ${countText(bytes)} bytes, but ${objectsText(report.listed.objects)} and ${countText(report.listed.bytes)} bytes were listed.`,
    );
  }
  if (kinds !== exception.objects) {
    found.push(
      `The kinds of exception add up to ${countText(kinds)}, but ${countText(exception.objects)} are counted as exceptions.`,
    );
  }
  if (report.status === 'SUCCEEDED' && exception.objects + missing + different > 0) {
    found.push(
      `The migration is called a success with ${countText(exception.objects)} exceptions, ${countText(missing)} missing and ${countText(different)} different.`,
    );
  }
  if (report.status === 'SUCCEEDED' && report.verification.rounds === 0) {
    found.push('The migration is called a success, but the verification was not reached.');
  }
  return found;
}
