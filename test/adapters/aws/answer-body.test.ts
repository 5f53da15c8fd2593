import { expect, test } from 'vitest';
import { AnswerBody } from '../../../adapters/aws/answer-body.ts';

/** A connection that notes what it is told. */
function aConnection() {
  const told: string[] = [];
  const connection = {
    paused: false,
    pause() {
      connection.paused = true;
      told.push('pause');
    },
    resume() {
      connection.paused = false;
      told.push('resume');
    },
    abort: () => void told.push('abort'),
  };
  return { told, body: new AnswerBody(connection) };
}
const piece = (kibibytes: number, letter = 'a') => Buffer.alloc(kibibytes * 1024, letter);
const whole = (body: AnswerBody) => body.bytes();
async function read(body: AnswerBody): Promise<string> {
  let text = '';
  for await (const chunk of body) text += chunk.toString();
  return text;
}

test('a body is the same whole and piece by piece, whether it is asked for early or late', async () => {
  for (const late of [false, true])
    for (const way of [async (body: AnswerBody) => (await whole(body)).toString(), read]) {
      const { body } = aConnection();
      const early = late ? null : way(body);
      for (const text of ['ab', 'c', 'def']) body.push(Buffer.from(text));
      body.end();
      expect(await (early ?? way(body))).toBe('abcdef');
    }
});

test('an empty body is empty', async () => {
  const { body } = aConnection();
  body.end();
  expect(await read(body)).toBe('');
});

test('a store is asked to hold on when nobody reads, and to go on when what it sent is read', async () => {
  const { body, told } = aConnection();
  body.push(piece(200));
  expect(told).toEqual([]);
  body.push(piece(100));
  expect(told).toEqual(['pause']);
  const text = read(body);
  await Promise.resolve();
  body.push(piece(10));
  await expect.poll(() => told).toEqual(['pause', 'resume']);
  body.end();
  expect((await text).length).toBe(310 * 1024);
});

test('a reader of the whole lets a store go on that was asked to hold on, and never asks it again', async () => {
  const { body, told } = aConnection();
  body.push(piece(300));
  const bytes = whole(body);
  body.push(piece(300));
  body.end();
  expect((await bytes).length).toBe(600 * 1024);
  expect(told).toEqual(['pause', 'resume']);
});

test('what breaks a body off reaches its reader, whole or piece by piece, early or late', async () => {
  const broken = new Error('broken off');
  for (const late of [false, true])
    for (const way of [whole, read]) {
      const { body } = aConnection();
      const early = late ? null : way(body);
      const failure = early === null ? null : expect(early).rejects.toBe(broken);
      body.push(Buffer.from('half'));
      body.fail(broken);
      await (failure ?? expect(way(body)).rejects.toBe(broken));
    }
});

test('a reader who leaves early closes the connection, and one who read to the end keeps it', async () => {
  const left = aConnection();
  left.body.push(Buffer.from('a'));
  for await (const _ of left.body) break;
  expect(left.told).toEqual(['abort']);
  const kept = aConnection();
  kept.body.push(Buffer.from('a'));
  kept.body.end();
  await read(kept.body);
  kept.body.destroy();
  expect(kept.told).toEqual([]);
});
