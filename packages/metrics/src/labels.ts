import { bytesFromLatin1 } from '@kube-authn/internal/byte-text'
import { hexOf } from '@kube-authn/internal/bytes'
import { sha256 } from '@kube-authn/core/internal'

/** A label value for a string that may be long or confidential. */
export function hashLabel(text: string): string {
  if (text === '') return ''
  return `sha256:${hexOf(bytesFromLatin1(sha256(text)))}`
}

const KEPT = new Set([
  'admin',
  'client',
  'kube_proxy',
  'kubelet',
  'system:serviceaccount:kube-system:default',
])

/**
 * The label of a user in metrics: well-known names are kept, all others are replaced, so that metrics do not grow with the number of users
 * and do not reveal their names.
 *
 * Source: apiserver `pkg/endpoints/filters/metrics.go` (`compressUsername`).
 */
export function usernameLabel(username: string): string {
  if (KEPT.has(username)) return username
  return username.includes('@') ? 'email_id' : 'other'
}
