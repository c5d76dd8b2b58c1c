// An expression may ask for the same of the same long strings at every step. All strings longer than a few hundredths of the claims fit in.
const LONG = 64
const MAX_KEPT = 256

const kept: { readonly clear: () => void }[] = []

/** The same function, which remembers its results for long strings until the evaluation ends. */
export function ofLongTexts<T>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, { readonly result: T }>()
  kept.push(results)
  return (text) => {
    if (text.length < LONG) return compute(text)
    const known = results.get(text)
    if (known !== undefined) return known.result
    if (results.size >= MAX_KEPT) results.clear()
    const result = compute(text)
    results.set(text, { result })
    return result
  }
}

/** To be called after each evaluation, so that no string is kept. */
export function forgetLongTexts(): void {
  for (const each of kept) each.clear()
}
