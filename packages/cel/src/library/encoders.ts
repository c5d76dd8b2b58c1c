import { bytesOfBase64 } from '@kube-authn/internal/base64'
import { latin1FromBytes } from '@kube-authn/internal/byte-text'
import { fn, type Library } from '../check/declarations.ts'
import { fail, type Meter } from '../evaluate/evaluation.ts'

/**
 * `base64.encode` and `base64.decode`.
 *
 * Source: cel-go `ext/encoders.go`.
 */
export function encoders(meter: Meter): Library {
  return {
    functions: [
      fn('base64.encode(bytes): string', (bytes: Uint8Array) => {
        meter.spend(bytes.length / 10)
        return btoa(latin1FromBytes(bytes))
      }),
      fn('base64.decode(string): bytes', (text: string) => {
        meter.spend(text.length / 10)
        // Padding may be missing.
        const padded = text.includes('=') ? text : text.padEnd(Math.ceil(text.length / 4) * 4, '=')
        return text === '' ? new Uint8Array() : (bytesOfBase64(padded) ?? fail('illegal base64 data'))
      }),
    ],
  }
}
