import { MemoryJobStore } from '../../../adapters/memory/job-store.ts';
import { jobStoreConformance } from '../../conformance/job-store.ts';

jobStoreConformance('memory', async () => ({
  store: new MemoryJobStore(),
  addressPrefix: 'memory://',
  close: async () => undefined,
}));
