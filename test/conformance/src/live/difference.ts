/** A difference between kube-apiserver's result and ours. */
export interface Difference {
  /** What it is about, such as `status` or `body.message`. */
  readonly at: string
  readonly there: unknown
  readonly here: unknown
}

/** The differences of two JSON values. Lists are compared as a whole. */
export function differencesOf(there: unknown, here: unknown, at = ''): readonly Difference[] {
  if (!isObject(there) || !isObject(here)) {
    return canonical(there) === canonical(here) ? [] : [{ at, there, here }]
  }
  return [...new Set([...Object.keys(there), ...Object.keys(here)])].flatMap((key) =>
    differencesOf(there[key], here[key], at === '' ? key : `${at}.${key}`),
  )
}

/** A string that is equal for equal JSON values, in any key order. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (!isObject(value)) return JSON.stringify(value) ?? 'undefined'
  const fields = Object.keys(value)
    .toSorted()
    .filter((key) => value[key] !== undefined)
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
