import { shownText } from '../shown-text.ts'

/** The `code` of the error of `@kube-authn/node` for a server certificate without subject alternative names. */
export const MISSING_SAN = 'KUBE_AUTHN_MISSING_SAN'

/**
 * Why a call failed: the reason for the code of the innermost error, else its message. Errors of `fetch` must not be shown as they are:
 * they may contain everything that was passed to it.
 *
 * @param secrets inputs that must not appear in the result.
 */
export function faultOf(thrown: unknown, secrets: readonly string[]): string {
  return shownText(reasonOf(thrown), secrets)
}

/** The message, followed by the fault if it is known. */
export function withFault(message: string, thrown: unknown, secrets: readonly string[]): string {
  const fault = faultOf(thrown, secrets)
  return fault === '' ? message : `${message}: ${fault}`
}

/** Like {@link faultOf}, but from the code alone, which contains no input of the call; `''` if there is none. */
export function networkReason(thrown: unknown): string {
  return reasonOf(thrown, () => '')
}

/**
 * A storable copy of the error of a request without secrets: its message, and the code of a network error such as `ECONNREFUSED`. Its cause
 * and other members are dropped, because an HTTP client may add the headers and the proxy of the request.
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
