import { describe, expect, it } from 'vitest'
import { shownAddress, shownPath } from './shown-request.ts'
import { shownReason, shownValue } from './shown-values.ts'

/** What could begin another line or reorder this one: controls, separators, directions, half of a pair. */
const FORGED = 'a\r\nkube-authn: 401\u0000\u001b[2K\u0085\u2028\u2029\u202e\u2066\ufeff\ud800z'
// oxlint-disable-next-line no-control-regex -- these are looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\p{Cs}]/u

describe('what a line shows from outside', () => {
  it.each([
    ['a value', shownValue],
    ['a path', (text: string) => shownPath(text, [])],
    ['a reason', (text: string) => shownReason(text, [])],
  ])('is on one line: %s', (_, shown) => {
    for (const text of [FORGED, FORGED.repeat(1000), '\ud800'.repeat(1000), '😀'.repeat(1000)]) {
      expect(shown(text)).not.toMatch(CONTROLS)
      expect(shown(text).length).toBeLessThan(2500)
    }
    expect(shown('')).toMatch(/^(?:"")?$/)
    expect(shown('__proto__')).toContain('__proto__')
  })

  it.each([
    ['user:hunter22@host/x', 'host/x'],
    ['user:hunter22@hunter22@host/x', 'host/x'],
    [`user:"hunter22'@host:8080/x`, 'host:8080/x'],
    ['hunter22@host', 'host'],
    ['host/@scope?q=1', 'host/@scope?...'],
  ])('is a URL without user information and query: %s', (rest, left) => {
    const shown = shownReason(`cannot call https://${rest} (by http://${rest})`, [])
    expect(shown).not.toContain('hunter22')
    expect(shown).toContain(`https://${left}`)
  })

  it('is nothing but an address', () => {
    for (const text of ['10.0.0.1\n', '10.0.0.1 ', '<b>', '', 'a'.repeat(65)])
      expect(shownAddress(text)).toBeUndefined()
    expect(shownAddress('::ffff:10.0.0.1')).toBe('10.0.0.1')
  })
})
