/** One measurement: which bench, on what, of whom, and the figures with their units in the names. */
export type Row = { bench: string; case: string; subject: string } & Record<string, string | number>;

/** Prints rows as a table for people, or as one JSON array. */
export function printRows(rows: readonly Row[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== 'bench');
  const cells = rows.map((row) => names.map((name) => String(row[name] ?? '')));
  const line = (values: readonly string[]): string => `| ${values.join(' | ')} |\n`;
  process.stdout.write(line(names) + line(names.map(() => '---')) + cells.map(line).join(''));
}
