import type { MessagePort } from 'node:worker_threads';
import { encodeText } from '../../core/json-lines.ts';
import type { JobStore } from '../../core/ports.ts';
import { failureOf, type WriteAnswered, type WriteAsked } from './thread-messages.ts';

/**
 * Writes into a store what a `ThreadedJobStore` in another thread asks for at the port, for as long as the port is open. The
 * first message that it sends, null, says that it listens.
 */
export function serveJobStore(store: Pick<JobStore, 'write'>, port: MessagePort): void {
  let answers: WriteAnswered[] = [];

  // Those of one turn go together: each message wakes the other thread.
  function answer(each: WriteAnswered): void {
    if (answers.push(each) > 1) return;
    setImmediate(() => {
      port.postMessage(answers);
      answers = [];
    });
  }

  async function write({ number, path, content, options }: WriteAsked): Promise<void> {
    try {
      const bytes = 'lines' in content ? encodeText(content.lines) : content.bytes;
      const { version } = await store.write(path, bytes, options);
      answer({ number, version });
    } catch (error) {
      answer({ number, failure: failureOf(error) });
    }
  }

  port.on('message', (asked: WriteAsked) => void write(asked));
  port.postMessage(null);
}
