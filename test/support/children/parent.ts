import { startChild } from '../../../local/child.ts';

/** A process that starts an actor and lives until it is killed; prints the actor's pid. */
const [, , logFile = '', act = 'idle'] = process.argv;
const child = startChild('../test/support/children/actor', { ACT: act }, logFile, ({ event }) => {
  if (event === 'ready') process.stdout.write(`${child.pid}\n`);
});
