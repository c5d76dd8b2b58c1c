import { isObject } from '@kube-authn/core/internal'

/** The fields of a submitted form. A field that was not sent is `''`. */
export interface Form {
  field(name: string): string
  has(name: string): boolean
}

/** A form without fields. */
export const EMPTY_FORM: Form = formOf(new Map())

/** Reads `application/x-www-form-urlencoded`, or the JSON that the result of a body parser was converted to. The first of equal names counts; a body parser makes a list of them, which counts as absent. */
export function readForm(body: Uint8Array): Form {
  const text = new TextDecoder().decode(body)
  return formOf(parsed(text) ?? urlEncoded(text))
}

function formOf(fields: ReadonlyMap<string, string>): Form {
  return { field: (name) => fields.get(name) ?? '', has: (name) => fields.has(name) }
}

function urlEncoded(text: string): ReadonlyMap<string, string> {
  // Of equal names, a map keeps the last.
  return new Map([...new URLSearchParams(text)].toReversed())
}

function parsed(text: string): ReadonlyMap<string, string> | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value)) return undefined
    return new Map(
      Object.entries(value).flatMap(([name, each]): [string, string][] =>
        typeof each === 'string' ? [[name, each]] : [],
      ),
    )
  } catch {
    return undefined
  }
}
