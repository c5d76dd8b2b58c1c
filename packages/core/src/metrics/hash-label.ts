import { bytesOfBinary } from '@kube-authn/internal/base64'
import { hexOf } from '@kube-authn/internal/bytes'
import { sha256 } from '#sha256'

/** A label value for a string that may be long or confidential. */
export function hashLabel(text: string): string {
  if (text === '') return ''
  return `sha256:${hexOf(bytesOfBinary(sha256(text)))}`
}
