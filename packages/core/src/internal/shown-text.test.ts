import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shownText } from './shown-text.ts'

const secret = 'c2VjcmV0LXBheWxvYWQ'

describe('shownText', () => {
  it.each<[string, readonly string[], string]>([
    ['token expired', [secret], 'token expired'],
    [`bad ${secret}!`, [secret], 'bad [hidden]!'],
    [`${secret}${secret}`, [secret], '[hidden][hidden]'],
    [`...${secret.slice(3, 11)}...`, [secret], '...[hidden]...'],
    [`...${secret.slice(3, 10)}...`, [secret], `...${secret.slice(3, 10)}...`],
    [`${secret} and other-secret`, [secret, 'other-secret'], '[hidden] and [hidden]'],
    ['tok is no token, "tok" neither', ['tok'], '[hidden] is no token, "[hidden]" neither'],
    [' a\r\nb\u001b[31m\u2028c\u202e ', [], 'a b [31m c'],
    ['\udcff', [], '\ufffd'],
    ['', [secret], ''],
  ])('makes of %j without %j %j', (text, secrets, expected) => {
    expect(shownText(text, secrets)).toBe(expected)
  })

  it('is cut, and no secret begins at the end', () => {
    const shown = shownText(`${'x '.repeat(252)}${secret}${'y'.repeat(1000)}`, [secret])
    expect(shown).toBe(`${'x '.repeat(252)}[hidden]...`)
    expect(shownText('x'.repeat(10_000_000), []).length).toBe(515)
  })

  it('has no eight characters of a secret in one piece', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), minLength: 8, maxLength: 40 })
    fc.assert(
      fc.property(piece, fc.array(fc.oneof(piece, fc.nat(40)), { maxLength: 8 }), (hidden, parts) => {
        const text = parts.map((part) => (typeof part === 'string' ? part : hidden.slice(part))).join('')
        const shown = shownText(text + hidden, [hidden])
        for (const kept of shown.split('[hidden]')) {
          for (let index = 0; index + 8 <= kept.length; index++) {
            expect(hidden).not.toContain(kept.slice(index, index + 8))
          }
        }
      }),
    )
  })
})
