import { isObject } from '../difference.ts'

/** `<<id:path>>`, the value at a path of the answer to an earlier request. */
const PLACEHOLDER = /<<([a-z0-9-]+:[^:<>]+):([A-Za-z0-9_.[\]-]+)>>/g
const QUOTED = new RegExp(`"${PLACEHOLDER.source}"`, 'g')

/** Returns the JSON of the answer to an earlier request. */
export type EarlierAnswer = (id: string) => unknown

/** A path with the values of its placeholders, percent-encoded. */
export function filledPath(path: string, earlier: EarlierAnswer): string {
  return path.replace(PLACEHOLDER, (_, id: string, at: string) =>
    encodeURIComponent(textOf(valueAt(earlier(id), at))),
  )
}

/** A body with the values of its placeholders: a string that is nothing but a placeholder may become any JSON. */
export function filledBody(body: string, earlier: EarlierAnswer): string {
  return body
    .replace(QUOTED, (_, id: string, at: string) => JSON.stringify(valueAt(earlier(id), at) ?? null))
    .replace(PLACEHOLDER, (_, id: string, at: string) => textOf(valueAt(earlier(id), at)))
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (each, key) => (Array.isArray(each) ? each[Number(key)] : isObject(each) ? each[key] : undefined),
      value,
    )
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
