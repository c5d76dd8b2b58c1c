import { networkReason } from '../http/fault.ts'

/** In words, what TLS and DNS report as codes. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed'],
  ['EAI_AGAIN', 'its name cannot be resolved now'],
  ['ECONNREFUSED', 'connection refused'],
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
