/** Parses a scalar, or a list of scalars on one line; `undefined` for anything more complex. */
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

/** Whether a key is an ordinary string in YAML 1.1. */
export function isPlainKey(text: string): boolean {
  return KEY.test(text) && text !== '__proto__' && !isReserved(text)
}

/** Whether YAML 1.1 reads the word as a boolean or null. */
function isReserved(word: string): boolean {
  return word.length <= 5 && RESERVED.has(word.toLowerCase())
}

const RESERVED = new Set(['y', 'n', 'yes', 'no', 'true', 'false', 'on', 'off', 'null'])

// A word that starts with a letter is a string unless it is reserved: numbers and timestamps start with other characters.
const WORD = /^[A-Za-z_](?:[A-Za-z0-9_./:@-]*[A-Za-z0-9_./@-])?$/
const QUOTED = /^(?:"[\x20\x21\x23-\x5b\x5d-\x7e]*"|'[\x20-\x26\x28-\x7e]*')$/
const KEY = /^[A-Za-z_][A-Za-z0-9_./-]{0,127}$/
const INTEGER = /^(?:0|[1-9]\d{0,8})$/
const ITEM_PATTERN = String.raw`"[\x20\x21\x23-\x5b\x5d-\x7e]*"|'[\x20-\x26\x28-\x7e]*'|[A-Za-z_][A-Za-z0-9_./-]*`
const ITEM = new RegExp(ITEM_PATTERN, 'g')
const LIST = new RegExp(`^\\[ *(?:(?:${ITEM_PATTERN})(?: *, *(?:${ITEM_PATTERN}))* *)?\\]$`)
