import { shownText } from '../shown-text.ts'

/**
 * Why a call did not come about: by the code of the error at the bottom, else in its words. What `fetch` throws is for nobody else to see:
 * it may hold all that it was given.
 *
 * @param secrets what was given that must not be in the text.
 */
export function faultOf(thrown: unknown, secrets: readonly string[]): string {
  return shownText(reasonOf(thrown), secrets)
}

/** What was said before, and the fault where it says anything. */
export function withFault(message: string, thrown: unknown, secrets: readonly string[]): string {
  const fault = faultOf(thrown, secrets)
  return fault === '' ? message : `${message}: ${fault}`
}

/** The same by the code alone, which holds nothing that a call was given; `''` where there is none. */
export function networkReason(thrown: unknown): string {
  return reasonOf(thrown, () => '')
}

function reasonOf(error: unknown, otherwise = ({ message }: Error) => message, depth = 5): string {
  if (!(error instanceof Error)) return ''
  if (error.cause instanceof Error && depth > 0) return reasonOf(error.cause, otherwise, depth - 1)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return REASONS.get(code) ?? (/^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : otherwise(error))
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset by peer'],
  ['EHOSTUNREACH', 'no route to host'],
  ['ENOTFOUND', 'no such host'],
  ['ETIMEDOUT', 'connection timed out'],
  ['UND_ERR_SOCKET', 'the connection was closed'],
])
