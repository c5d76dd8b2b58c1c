import { bytesFromText } from '@kube-authn/internal/byte-text'

const MAX_BYTES = 1024

/**
 * Whether this is a valid key ID: 1 to 1,024 bytes.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/plugin/plugin.go`.
 */
export function isKeyId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_BYTES &&
    bytesFromText(value).length <= MAX_BYTES
  )
}
