import { quoted } from '@kube-authn/internal/quote'
import { networkReason } from '../http/fault.ts'
import { withoutSecrets } from '../shown-text.ts'

/** Third-party strings are cut at this length. */
const MAX_VALUE = 120
const MAX_REASON = 400

/** A string from outside in quotes, on one line and of limited length. */
export function shownValue(text: string): string {
  return quoted(cut(text, MAX_VALUE))
}

/** The message of an error on one line, without credentials, user information and queries in URLs. */
export function shownReason(message: string, secrets: readonly string[]): string {
  const start = message.slice(0, 4 * MAX_REASON).toWellFormed()
  const line = start.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  const plain = line
    // To the last @, as URLs are read: a password may have more of them, and quotes.
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi, '$1')
    .replaceAll(/(\bhttps?:\/\/[^\s"'?]*)\?[^\s"']*/gi, '$1?...')
  return cut(withoutSecrets(plain, secrets), MAX_REASON)
}

/** The beginning of a string, in well-formed Unicode. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length).toWellFormed()}...` : text.toWellFormed()
}

/** In words, what TLS and DNS report as codes. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed'],
  ['EAI_AGAIN', 'its name cannot be resolved now'],
  ['EPROTO', 'it does not speak TLS'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'the CA of its certificate is self-signed, and not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'the CA of its certificate is not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the CA of its certificate is not trusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the CA of its certificate is not trusted'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connection timed out'],
])

/** Why a server could not be reached, in words; `''` if the network did not say. */
export function networkWords(error: unknown): string {
  const reason = networkReason(error)
  return WORDS.get(reason) ?? reason
}
