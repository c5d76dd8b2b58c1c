import { bytesFromLatin1 } from '@kube-authn/internal/byte-text'
import { hexOf } from '@kube-authn/internal/bytes'
import { sha256 } from '@kube-authn/core/internal'

/** A label value for a string that may be long or confidential. */
export function hashLabel(text: string): string {
  if (text === '') return ''
  return `sha256:${hexOf(bytesFromLatin1(sha256(text)))}`
}
