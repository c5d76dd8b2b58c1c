/** A scalar, or a list of them on one line; `undefined` for everything that takes more to read. */
export function plainScalar(text: string): unknown {
  if (WORD.test(text))
    return text === 'true' ? true : text === 'false' ? false : isReserved(text) ? undefined : text
  if (QUOTED.test(text)) return text.slice(1, -1)
  if (text === '{}') return {}
  if (INTEGER.test(text)) return Number(text)
  if (!LIST.test(text)) return undefined
  const items = (text.match(ITEM) ?? []).map(plainScalar)
  return items.includes(undefined) ? undefined : items
}

/** A plain key that is a string and nothing special. */
export function isPlainKey(text: string): boolean {
  return KEY.test(text) && text !== '__proto__' && !isReserved(text)
}

/** What YAML 1.1 takes for a boolean or nothing, and some more. */
function isReserved(word: string): boolean {
  return word.length <= 5 && RESERVED.has(word.toLowerCase())
}

const RESERVED = new Set(['y', 'n', 'yes', 'no', 'true', 'false', 'on', 'off', 'null'])

// Whatever starts with a letter is a string, unless it is reserved: numbers, times and the like start with something else.
const WORD = /^[A-Za-z_](?:[A-Za-z0-9_./:@-]*[A-Za-z0-9_./@-])?$/
const QUOTED = /^(?:"[\x20\x21\x23-\x5b\x5d-\x7e]*"|'[\x20-\x26\x28-\x7e]*')$/
const KEY = /^[A-Za-z_][A-Za-z0-9_./-]{0,127}$/
const INTEGER = /^(?:0|[1-9]\d{0,8})$/
const ITEM_PATTERN = String.raw`"[\x20\x21\x23-\x5b\x5d-\x7e]*"|'[\x20-\x26\x28-\x7e]*'|[A-Za-z_][A-Za-z0-9_./-]*`
const ITEM = new RegExp(ITEM_PATTERN, 'g')
const LIST = new RegExp(`^\\[ *(?:(?:${ITEM_PATTERN})(?: *, *(?:${ITEM_PATTERN}))* *)?\\]$`)
