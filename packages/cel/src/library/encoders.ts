import { fn, type Library } from '../check/declarations.ts'
import { fail } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/meter.ts'

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
        let binary = ''
        for (const byte of bytes) binary += String.fromCharCode(byte)
        return btoa(binary)
      }),
      fn('base64.decode(string): bytes', (text: string) => {
        meter.spend(text.length / 10)
        // Padding may be missing.
        if (!/^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/.test(text) || /[_-]/.test(text)) {
          return fail('illegal base64 data')
        }
        return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
      }),
    ],
  }
}
