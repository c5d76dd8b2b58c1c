import { shownText } from '../shown-text.ts'
import { MISSING_SAN } from './server-certificate.ts'

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

/**
 * What is kept of an error of a request that was given no secret: its message, and the code of a network error such as `ECONNREFUSED`. Its
 * cause and its other members are dropped, since an HTTP client may add the headers and the proxy of the request.
 */
export function keptFault(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error('the request failed')
  const code = codeOf(rootOf(thrown))
  if (code === '') return new Error(thrown.message)
  return Object.assign(new Error(`${thrown.message} (${code})`), { code })
}

function reasonOf(error: unknown, otherwise = ({ message }: Error) => message): string {
  if (!(error instanceof Error)) return ''
  const root = rootOf(error)
  const code = codeOf(root)
  return code === '' ? otherwise(root) : (REASONS.get(code) ?? code)
}

/** The innermost cause. */
function rootOf(error: Error, depth = 5): Error {
  return error.cause instanceof Error && depth > 0 ? rootOf(error.cause, depth - 1) : error
}

function codeOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : ''
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset by peer'],
  ['EHOSTUNREACH', 'no route to host'],
  ['ENOTFOUND', 'no such host'],
  ['ETIMEDOUT', 'connection timed out'],
  [MISSING_SAN, 'the certificate of the server has no alternative names'],
  ['UND_ERR_SOCKET', 'the connection was closed'],
])
