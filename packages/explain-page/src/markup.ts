/** Markup, as opposed to a string that has to be escaped. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What a template may contain: strings are escaped, `undefined` is nothing. */
export type HtmlValue = string | number | Html | readonly Html[] | undefined

/**
 * A template of HTML. Every string in it is escaped, for elements and for attributes in double quotes.
 *
 * @example
 * markup`<b title="${title}">${name}</b>`
 */
export function markup(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((string, index) => string + textOf(values[index])).join(''))
}

function textOf(value: HtmlValue): string {
  if (value === undefined) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(({ text }) => text).join('')
  return escaped(String(value))
}

function escaped(text: string): string {
  return text.toWellFormed().replaceAll(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/**
 * A string of foreign origin as it is: in its own direction, and with characters that cannot be seen, or that change the direction, as their
 * code points.
 */
export function literal(text: string): Html {
  const parts = text.split(unseen).map((part, index) => (index % 2 === 0 ? markup`${part}` : codePoint(part)))
  return markup`<bdi>${parts}</bdi>`
}

/** Control, format, private and unassigned characters, other spaces than the usual one, and halves of characters. */
const unseen = /([\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs})/u

function codePoint(character: string): Html {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return markup`<span class="unseen">U+${code}</span>`
}

/** Several elements as an enumeration: `a`, `b` and `c`. */
export function enumeration(elements: readonly Html[], last = 'and'): Html {
  if (elements.length < 2) return markup`${elements}`
  return markup`${between(elements.slice(0, -1), markup`, `)} ${last} ${elements.slice(-1)}`
}

function between(elements: readonly Html[], separator: Html): readonly Html[] {
  return elements.flatMap((element, index) => (index === 0 ? [element] : [separator, element]))
}
