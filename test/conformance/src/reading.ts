import { NotUnderstood } from './vector.ts'

/**
 * Names of fields, separated by spaces, and what is read of some of them where that is not the whole value; `*` stands for any other name. What is
 * said of a list is said of its elements.
 */
export type Fields = string | Parts

export type Parts = readonly [names: string, parts: Readonly<Record<string, Fields>>]

/** What a reader reads of a case. */
export interface CaseFields {
  readonly given?: Fields
  readonly expect?: Fields
}

/** A user in a case. */
export const USER = 'name uid groups extra'

/** An error in a case. */
export const ERROR = 'text text_contains'

/** What an authenticator in a case does. */
export const BEHAVIOUR: Parts = [
  'returns text audiences takes_ms panics annotations warnings',
  { user: USER },
]

/** The same, or a union of such; its elements may be unions, three deep. */
export const BEHAVIOURS: Parts = unionsOf(unionsOf(unionsOf(BEHAVIOUR)))

function unionsOf(fields: Parts): Parts {
  return [`${BEHAVIOUR[0]} union`, { ...BEHAVIOUR[1], elements: fields }]
}

/**
 * A reader of cases that have no other fields: what nobody reads must neither let a case pass nor make it a failure of the product.
 *
 * `unit`, `profile`, `deviation` and comments may be in every case.
 */
export function reading<V extends { readonly given: unknown; readonly expect: unknown }, R>(
  { given = '', expect = '' }: CaseFields,
  reader: (vector: V) => Promise<R>,
): (vector: V) => Promise<R> {
  const known: Fields = [
    'id area title source note',
    { given: withNames(given, 'unit profile deviation note'), expect: withNames(expect, 'note') },
  ]
  return (vector) => {
    const field = unreadField(known, vector)
    return field === undefined ? reader(vector) : Promise.reject(new NotUnderstood(field))
  }
}

function withNames(fields: Fields, names: string): Fields {
  return typeof fields === 'string' ? `${fields} ${names}` : [`${fields[0]} ${names}`, fields[1]]
}

/** The path of a field that is not read, if there is one. */
function unreadField(fields: Fields, value: unknown, path = ''): string | undefined {
  if (Array.isArray(value)) return firstOf(value, (each) => unreadField(fields, each, path))
  if (typeof value !== 'object' || value === null) return undefined
  const [names, parts] = typeof fields === 'string' ? [fields, {}] : fields
  const whole = new Set(names.split(' '))
  return firstOf(Object.entries(value), ([name, member]: readonly [string, unknown]) => {
    if (whole.has(name)) return undefined
    const at = path === '' ? name : `${path}.${name}`
    const part = parts[name] ?? parts['*']
    return part === undefined ? at : unreadField(part, member, at)
  })
}

function firstOf<T>(values: readonly T[], find: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const found = find(value)
    if (found !== undefined) return found
  }
  return undefined
}

/** Refuses a case in which a field has another value than those that the reader is made for. */
export function only(given: object, field: string, ...values: readonly unknown[]): void {
  const value: unknown = Reflect.get(given, field)
  if (value !== undefined && !values.includes(value)) {
    throw new NotUnderstood(`given.${field} ${JSON.stringify(value)}`)
  }
}
