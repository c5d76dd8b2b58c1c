import type { Selector } from './selector.ts'

export function unreadable(error: string): Selector {
  return { requirements: [], error }
}

const MAX_LENGTH = 65_536
const MAX_COMMAS = 1000

/**
 * Why a selector is too long to be parsed; `undefined` if it is not. No known use needs a longer one, and any client can send one. A request
 * with such a selector is authorized as if it selects any object.
 *
 * Deviation: in Kubernetes a selector may be as long as a URL (`docs/deviations.md`, selectors).
 */
export function tooLong(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `invalid selector: it has more than ${MAX_LENGTH} characters`
  let commas = 0
  for (let at = text.indexOf(','); at !== -1; at = text.indexOf(',', at + 1)) {
    if (++commas > MAX_COMMAS) return `invalid selector: it has more than ${MAX_COMMAS} commas`
  }
  return undefined
}
