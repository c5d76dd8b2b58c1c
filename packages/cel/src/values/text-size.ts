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

/** The number of code points, up to a UTF-16 index. */
export function characterCountTo(text: string, end: number): number {
  let count = end
  for (let at = 0; at < end - 1; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0xd800 || unit > 0xdbff) continue
    const next = text.charCodeAt(at + 1)
    if (next >= 0xdc00 && next <= 0xdfff) {
      count--
      at++
    }
  }
  return count
}

/** The number of code points. */
export const characterCount: (text: string) => number = ofLongTexts((text) =>
  characterCountTo(text, text.length),
)

/** The length in UTF-8. */
export const byteCount: (text: string) => number = ofLongTexts((text) => {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    // Each half of a pair counts two.
    count += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3
  }
  return count
})
