import { expect, it } from 'vitest'
import { base64Of, textOfBase64 } from './data-keys.ts'

it.each(['', 'a', 'ab', 'abc', 'é', '😀', '\u{FEFF}x', 'a'.repeat(100_000)])('%j is as it was', (text) => {
  expect(textOfBase64(base64Of(text))).toBe(text)
})

it('shows bytes that are no text as such', () => {
  expect(textOfBase64('/w==')).toBe('\u{FFFD}')
})
