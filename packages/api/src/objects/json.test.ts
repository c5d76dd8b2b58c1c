import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeJson } from './json.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('decodeJson', () => {
  it.each([
    ['an object', '{"a":[1,"b",null]}', { a: [1, 'b', null] }],
    ['white space around it', ' \n{} ', {}],
    ['characters beyond ASCII', '"ö😀"', 'ö😀'],
    ['an escaped pair', String.raw`"\ud83d\ude00"`, '😀'],
    ['two escaped pairs', String.raw`"\ud83d\ude00\uD83D\uDE00"`, '😀😀'],
    ['what only looks like half a pair', String.raw`"\\ud83d"`, String.raw`\ud83d`],
    ['a key that is no ordinary one', '{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":1}}')],
  ])('reads %s', (_, text, value) => {
    expect(decodeJson(utf8(text)).value).toEqual(value)
  })

  it.each([
    ['nothing', utf8('')],
    ['half an object', utf8('{"token":"secret')],
    ['something behind it', utf8('{"token":"secret"}x')],
    ['two values', utf8('{"token":"secret"}{}')],
    ['a comment', utf8('{} // secret')],
    ['YAML', utf8('token: secret')],
    ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)],
    ['UTF-16', Uint8Array.of(0x7b, 0, 0x7d, 0)],
    ['a byte that is no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['a surrogate in UTF-8', Uint8Array.of(0x22, 0xed, 0xb2, 0x80, 0x22)],
    ['a first half alone', utf8(String.raw`{"token":"secret\ud83d"}`)],
    ['a second half alone', utf8(String.raw`{"token":"secret\udc80"}`)],
    ['halves in the wrong order', utf8(String.raw`"\ude00\ud83d"`)],
    ['halves that are apart', utf8(String.raw`"\ud83d-\ude00"`)],
    ['two first halves', utf8(String.raw`"\ud83d\ud83d\ude00"`)],
    ['halves in two strings', utf8(String.raw`["\ud83d","\ude00"]`)],
    ['half a key', utf8(String.raw`{"\udc80":1}`)],
  ])('refuses %s, and repeats nothing of it', (_, bytes) => {
    expect(() => decodeJson(bytes)).toThrow(expect.objectContaining({ status: 400 }))
    expect(() => decodeJson(bytes)).not.toThrow('secret')
  })

  it('gives well-formed text or none', () => {
    const escape = fc.integer({ min: 0xd7f0, max: 0xe010 }).map((code) => String.raw`\u${code.toString(16)}`)
    const parts = fc.array(fc.oneof(escape, fc.constantFrom('a', String.raw`\\`, String.raw`\n`, '😀')))
    fc.assert(
      fc.property(parts, (texts) => {
        const json = `"${texts.join('')}"`
        const expected = JSON.parse(json) as string
        const read = (): unknown => decodeJson(utf8(json)).value
        if (expected.isWellFormed()) expect(read()).toBe(expected)
        else expect(read).toThrow()
      }),
      { numRuns: 500 },
    )
  })
})
