import { type FileHandle, open } from 'node:fs/promises';

const blockBytes = 64 * 1024;
const bufferedAtMost = 1000;

/**
 * The folders that are still to be listed, first in, first out. They wait in a file, so that memory does not grow
 * with their number; one that was taken is not given again.
 */
export class DirectoryQueue {
  readonly #file: FileHandle;
  /** Not yet written. */
  #incoming: string[] = [];
  /** Read back, and not yet taken. */
  #outgoing: string[] = [];
  #writtenBytes = 0;
  #readBytes = 0;
  #rest: Buffer = Buffer.alloc(0);
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens an empty queue in a file of its own; the caller closes it and removes the file. */
  static async open(path: string): Promise<DirectoryQueue> {
    return new DirectoryQueue(await open(path, 'w+', 0o600));
  }

  async push(directory: string): Promise<void> {
    this.#incoming.push(directory);
    if (this.#incoming.length >= bufferedAtMost) await this.#exclusively(() => this.#write());
  }

  /** The next folder; null = none waits. */
  async take(): Promise<string | null> {
    if (this.#outgoing.length === 0) await this.#exclusively(() => this.#readBack());
    return this.#outgoing.shift() ?? this.#incoming.shift() ?? null;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** One access to the file at a time. */
  #exclusively(access: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(access);
    return this.#writing;
  }

  async #write(): Promise<void> {
    const text = Buffer.from(this.#incoming.map((directory) => `${JSON.stringify(directory)}\n`).join(''));
    this.#incoming = [];
    await this.#file.write(text, 0, text.length, this.#writtenBytes);
    this.#writtenBytes += text.length;
  }

  async #readBack(): Promise<void> {
    while (this.#outgoing.length === 0 && this.#readBytes < this.#writtenBytes) {
      const length = Math.min(blockBytes, this.#writtenBytes - this.#readBytes);
      const { bytesRead, buffer } = await this.#file.read(
        Buffer.allocUnsafe(length),
        0,
        length,
        this.#readBytes,
      );
      this.#readBytes += bytesRead;
      const text = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
      const end = text.lastIndexOf(0x0a) + 1;
      this.#rest = text.subarray(end);
      for (const line of text.toString('utf8', 0, end).split('\n'))
        if (line !== '') this.#outgoing.push(JSON.parse(line) as string);
    }
  }
}
