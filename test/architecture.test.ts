import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import * as errors from '../core/errors.ts';

type Source = { path: string; folder: string; text: string; lines: number; imports: string[] };

const root = new URL('..', import.meta.url);
const folders = ['core', 'adapters', 'functions', 'containers', 'local', 'bench', 'resources'];

const sources: Source[] = [];
for await (const path of glob(
  folders.map((folder) => `${folder}/**/*.{ts,js}`),
  { cwd: root.pathname },
)) {
  const text = readFileSync(new URL(path, root), 'utf8');
  sources.push({
    path,
    folder: path.split('/')[0] ?? '',
    text,
    lines: text.split('\n').length - 1,
    imports: importsOf(path, text),
  });
}
sources.sort((a, b) => (a.path < b.path ? -1 : 1));
const of = (folder: string) => sources.filter((source) => source.folder === folder);

/** What a module imports: repository files by their path, packages and Node's own by their name. */
function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^;'"]*?from\s*'([^']+)'|^\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  );
  return [...found].map(([, from, bare, dynamic]) => {
    const name = from ?? bare ?? dynamic ?? '';
    return name.startsWith('.') ? normalize(join(dirname(path), name)) : name;
  });
}

/** The code without comments and without the text in quotes, so that words in sentences are not taken for calls. */
function codeOf({ text }: Source): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}

describe('who may import whom', () => {
  const rules: Readonly<Record<string, RegExp>> = {
    core: /^core\/|^zod$|^node:(crypto|util|zlib)$/,
    adapters: /^(core|adapters)\/|^[a-z@](?!ws-local-stepfunctions|fauxqs)/,
    functions:
      /^(core|functions|adapters\/aws)\/|^adapters\/system-clock\.ts$|^zod$|^@middy\/|^@aws-lambda-powertools\/|^@aws-sdk\//,
    containers: /^(core|adapters|containers)\/|^zod$|^node:/,
  };
  it.each(Object.entries(rules))('%s', (folder, allowed) => {
    expect(of(folder).length).toBeGreaterThan(0);
    // It makes the bundles of the images, and is in none of them.
    const shipped = of(folder).filter(({ path }) => path !== 'containers/bundle.ts');
    const broken = shipped.flatMap(({ path, imports }) =>
      imports.filter((name) => !allowed.test(name)).map((name) => `${path} imports ${name}`),
    );
    expect(broken).toEqual([]);
  });

  it('nobody imports local/ but local/, the benchmarks and the tests', () => {
    const broken = sources.flatMap(({ path, folder, imports }) =>
      ['local', 'bench'].includes(folder)
        ? []
        : imports.filter((name) => name.startsWith('local/')).map((name) => `${path} imports ${name}`),
    );
    expect(broken).toEqual([]);
  });

  it('nobody imports a test or a benchmark', () => {
    const broken = sources.flatMap(({ path, folder, imports }) =>
      imports
        .filter((name) => name.startsWith('test/') || (name.startsWith('bench/') && folder !== 'bench'))
        .map((name) => `${path} imports ${name}`),
    );
    expect(broken).toEqual([]);
  });

  it('only the interpreter’s own module and what it is given know the interpreter', () => {
    const knowing = sources.filter(({ imports }) => imports.includes('aws-local-stepfunctions'));
    expect(knowing.map(({ path }) => path)).toEqual(['local/interpret.ts', 'local/load-definition.ts']);
  });

  it('adapters of one place do not import those of another', () => {
    const placeOf = (path: string) => (path.startsWith('adapters/') ? path.split('/')[1] : undefined);
    const places = ['aws', 'disk', 'memory', 'rclone'];
    const broken = of('adapters').flatMap(({ path, imports }) =>
      imports
        .filter((name) => {
          const [own, other] = [placeOf(path), placeOf(name)];
          if (own === undefined || other === undefined) return false;
          return places.includes(own) && places.includes(other) && own !== other;
        })
        .map((name) => `${path} imports ${name}`),
    );
    // rclone is told where a store is in the words of the AWS adapters, and falls back to them.
    expect(broken.filter((line) => !/^adapters\/rclone\/\S+ imports adapters\/aws\//.test(line))).toEqual([]);
  });

  it('every import of a repository file names a file that is there', () => {
    const paths = new Set(sources.map(({ path }) => path));
    // A part of a package is a file as well, and not ours.
    const ofPackage = (name: string) => name.startsWith('undici/lib/');
    const dangling = sources.flatMap(({ path, imports }) =>
      imports
        .filter((name) => /\.(ts|js)$/.test(name) && !paths.has(name) && !ofPackage(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(dangling).toEqual([]);
  });
});

describe('core is pure: values in, values out', () => {
  const forbidden: [string, RegExp][] = [
    ['the time', /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b/],
    ['chance', /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/],
    ['the process', /\bprocess\b|\bglobalThis\b/],
    ['a timer', /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/],
    // A module's own function may be called so; the one of the platform may not be called.
    ['the network', /^(?![\s\S]*\b(?:const|function) fetch\b)[\s\S]*\bfetch\(|\bWebSocket\b/],
    ['the console', /\bconsole\./],
    ['the locale', /\blocaleCompare\b|\btoLocale\w+\b|\bIntl\./],
  ];
  it.each(forbidden)('it never asks for %s', (_, pattern) => {
    const found = of('core').flatMap((source) => {
      const hit = pattern.exec(codeOf(source));
      return hit === null ? [] : [`${source.path}: ${hit[0].slice(-30)}`];
    });
    expect(found).toEqual([]);
  });

  it('and these checks see what they look for', () => {
    const text = "const a = Date.now(); // Math.random\nconst b = 'process';\nsetTimeout(f);";
    const code = codeOf({ path: '', folder: '', text, lines: 3, imports: [] });
    expect(forbidden.map(([what, pattern]) => [what, pattern.test(code)])).toEqual([
      ['the time', true],
      ['chance', false],
      ['the process', false],
      ['a timer', true],
      ['the network', false],
      ['the console', false],
      ['the locale', false],
    ]);
    expect(
      importsOf(
        'core/a/b.ts',
        "import {\n  x,\n} from '../y.ts';\nexport type { Z } from 'zod';\nimport './w.ts';",
      ),
    ).toEqual(['core/y.ts', 'zod', 'core/a/w.ts']);
  });
});

describe('files', () => {
  it('are named by the business, never by their kind', () => {
    const named = sources.filter(({ path }) =>
      path
        .replace(/\.(ts|js)$/, '')
        .split(/[/.-]/)
        .some((word) => /^(utils?|helpers?|managers?|common|misc|shared|lib|stuff)$/i.test(word)),
    );
    expect(named.map(({ path }) => path)).toEqual([]);
  });

  it('have at most 250 lines', () => {
    expect(sources.filter(({ lines }) => lines > 250).map(({ path, lines }) => `${path}: ${lines}`)).toEqual(
      [],
    );
  });

  it('are spelled in lower case with hyphens', () => {
    expect(sources.map(({ path }) => path).filter((path) => !/^[a-z0-9/.-]+$/.test(path))).toEqual([]);
  });

  it('take no way out of the types', () => {
    const wayOut = /\bas any\b|: any\b|\bas unknown as\b|@ts-(ignore|expect-error|nocheck)/;
    expect(sources.filter(({ text }) => wayOut.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it('name no path of a machine and no registry', () => {
    const place = /\/(home|Users|work|root)\/[a-z]|registry\.npmjs|pypi\.org/;
    expect(sources.filter(({ text }) => place.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

describe('core says what it promises', () => {
  const exported = of('core').flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      const found = /^export (?:abstract |async )?(?:function\*?|class|type|interface|const) (\w+)/.exec(
        line,
      );
      return found === null
        ? []
        : [
            {
              name: `${path} ${found[1]}`,
              documented: lines[index - 1]?.trimEnd().endsWith('*/') === true,
              line,
            },
          ];
    });
  });

  it('of every exported function, class and type, in a docstring', () => {
    expect(exported.length).toBeGreaterThan(100);
    // A type that is inferred from the schema of the same name is described there.
    const silent = exported.filter(
      ({ documented, line }) => !documented && !/^export type \w+ = z\.infer</.test(line),
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});

describe('every error that reaches Step Functions', () => {
  const text = readFileSync(new URL('core/errors.ts', root), 'utf8');
  const classes = Object.entries(errors).filter(([, Class]) => Class !== errors.MigrationError);

  it.each(classes)(
    '%s has that very name, written out, so that minifying does not change it',
    (name, Class) => {
      const error = new (Class as new (message: string) => Error)('what to do');
      expect(error).toBeInstanceOf(errors.MigrationError);
      expect([error.name, error.message]).toEqual([name, 'what to do']);
      expect(text).toMatch(
        new RegExp(`class ${name} extends MigrationError \\{\\s+override readonly name = '${name}';`),
      );
    },
  );

  it('is declared in that one file', () => {
    const elsewhere = sources.filter(
      ({ path, text: code }) => path !== 'core/errors.ts' && /extends MigrationError\b/.test(code),
    );
    expect(elsewhere.map(({ path }) => path)).toEqual([]);
  });
});
