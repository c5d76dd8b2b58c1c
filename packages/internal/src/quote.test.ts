import { describe, expect, it } from 'vitest'
import { quoted } from './quote.ts'

describe('quoted', () => {
  it.each([
    ['a plain text is put in quotes', 'jane', '"jane"'],
    ['quotes and backslashes are escaped', 'a"b\\c', '"a\\"b\\\\c"'],
    ['a line break cannot forge another line', 'a\nb\r\t', '"a\\nb\\r\\t"'],
    ['control characters are bytes', '\0\u001b\u007f', '"\\x00\\x1b\\x7f"'],
    ['printable characters of any script stay', 'ü ᛄ 日本 😀', '"ü ᛄ 日本 😀"'],
    ['what cannot be seen is escaped', '\u00a0\u200b\u2028', '"\\u00a0\\u200b\\u2028"'],
    ['a byte that was not UTF-8 is that byte', '\udcff', '"\\xff"'],
    ['half a character is a replacement', '\ud800', '"\\ufffd"'],
    ['unassigned characters beyond the first plane are long escapes', '\u{e0001}', '"\\U000e0001"'],
  ])('%s', (_, text, expected) => {
    expect(quoted(text)).toBe(expected)
  })
})
