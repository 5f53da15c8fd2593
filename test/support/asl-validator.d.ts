/** The part of asl-validator that the tests use; the package has no types of its own. */
declare module 'asl-validator' {
  export default function aslValidator(
    definition: object,
    options: { checkArn: boolean; checkPaths: boolean },
  ): { isValid: boolean; errorsText(separator?: string): string };
}
