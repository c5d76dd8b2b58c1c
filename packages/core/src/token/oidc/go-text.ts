import { quoted } from '@kube-authn/internal/quote'

/** A list of strings as Go's `%q` prints it. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(' ')}]`
}

/** A time as Go prints it in UTC. A time outside the range of `Date` is printed in seconds. */
export function goTime(seconds: number): string {
  const date = new Date(Math.trunc(seconds) * 1000)
  if (Number.isNaN(date.getTime())) return `${seconds} s`
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
}

/** The message of Go's JSON decoder for a value of the wrong type. @param field the Go name of the field. Default: none. */
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
