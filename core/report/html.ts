/** Text that is HTML already and is not escaped again. Only `html` and `trustedHtml` make it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template may hold: strings and numbers are escaped, lists are joined, null is left out. */
export type HtmlPart = Html | string | number | null | readonly HtmlPart[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeMarkup(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, (control) => {
      return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
}

function textOf(part: HtmlPart): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string') return escapeMarkup(part);
  if (typeof part === 'number') return String(part);
  return part.map(textOf).join('');
}

/**
 * A template that escapes every value, in text and in quoted attributes, so that a key such as `<script>`
 * is text wherever it stands. Control characters, which HTML cannot carry, become `\u0001`.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let text = strings[0] ?? '';
  parts.forEach((part, index) => {
    text += textOf(part) + (strings[index + 1] ?? '');
  });
  return new Html(text);
}

/** Marks text written in this repository (the style sheet) as HTML. Never for text that comes from outside. */
export function trustedHtml(text: string): Html {
  return new Html(text);
}
