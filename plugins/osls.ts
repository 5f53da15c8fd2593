import type { AwsCredentialIdentityProvider } from '@smithy/types';

/** A CloudFormation template, as far as the plugins look into it. */
export type Template = {
  Parameters?: Record<string, { Default?: unknown }>;
};

/** What the SDK's clients are made with: the region and credentials of this command. */
export type ClientConfig = { region?: string; credentials?: AwsCredentialIdentityProvider };

/** The part of osls's API that the plugins use; it hands the object to their constructors. */
export type Osls = {
  serviceDir: string;
  service: {
    service: string;
    provider: { compiledCloudFormationTemplate: Template };
  };
  processedInput: { commands: string[] };
  /** An error that is printed as a sentence, without a stack. */
  classes: { Error: new (message: string, code?: string) => Error };
  getProvider(name: 'aws'): {
    getStage(): string;
    getAwsSdkV3Config(): Promise<ClientConfig>;
    naming: { getStackName(): string; getCompiledTemplateFileName(): string };
  };
};

/** Where a plugin says what it does. */
export type PluginWriters = { log: { notice(text: string): void; warning(text: string): void } };
