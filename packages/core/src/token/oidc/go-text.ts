import { quoted } from '../../internal/quote.ts'

/** Texts, as Go's `%q` prints a list of them. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(' ')}]`
}

/** A time, as Go prints one in UTC; a time that no calendar has is printed in seconds. */
export function goTime(seconds: number): string {
  const date = new Date(Math.trunc(seconds) * 1000)
  if (Number.isNaN(date.getTime())) return `${seconds} s`
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
}

/**
 * What JSON calls the type of a value, as Go's decoder says that it is not the one it should be.
 *
 * @param field what Go calls the field that it is in. Default: none.
 */
export function wrongType(value: unknown, wanted: string, field = ''): string {
  const type =
    value === null
      ? 'null'
      : Array.isArray(value)
        ? 'array'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value
  const into = field === '' ? 'value' : `struct field ${field}`
  return `json: cannot unmarshal ${type} into Go ${into} of type ${wanted}`
}
