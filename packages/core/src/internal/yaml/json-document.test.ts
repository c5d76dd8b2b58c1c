import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { jsonDocument } from './json-document.ts'

const nestedIn = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('jsonDocument', () => {
  it.each([
    ['an object', '{"a": 1}', { a: 1 }],
    ['a list', ' \n[true, null, "x"]\n', [true, null, 'x']],
    ['colons, quotes and brackets in strings', String.raw`{"a:b": "{\":[\\"}`, { 'a:b': '{":[\\' }],
    [
      'members of the same name in different objects',
      '[{"a": 1}, {"a": {"a": 2}}]',
      [{ a: 1 }, { a: { a: 2 } }],
    ],
    ['an escape that is not of a surrogate', String.raw`["\u00e4\u005c"]`, ['ä\\']],
    ['100 levels', nestedIn(100), JSON.parse(nestedIn(100))],
  ])('reads %s', (_, text, value) => {
    expect(jsonDocument(text)).toEqual({ value })
  })

  it('reads __proto__ as a member like any other', () => {
    const value = jsonDocument('{"__proto__": {"admin": true}}')?.value
    expect(Object.keys(value ?? {})).toEqual(['__proto__'])
    expect((value as { admin?: boolean }).admin).toBeUndefined()
  })

  it.each([
    ['nothing', ''],
    ['a scalar', '"a"'],
    ['YAML', 'a: 1'],
    ['YAML in brackets', '{a: 1}'],
    ['a comma too many', '{"a": 1,}'],
    ['two documents', '{"a": 1}\n---\n{"b": 2}'],
    ['a byte order mark', '\uFEFF{"a": 1}'],
    ['a member that is there twice', '{"a": 1, "a": 2}'],
    ['a member that is there twice by another spelling', String.raw`{"a": 1, "\u0061": 2}`],
    ['__proto__ twice', '{"__proto__": 1, "__proto__": 2}'],
    ['101 levels', nestedIn(101)],
    ['a string without an end', '{"a": "b'],
    ['a string that ends in an escaped quote', String.raw`{"a": "b\"`],
    ['half of a surrogate pair', String.raw`{"a": "\ud800"}`],
    ['a key that merges in YAML', '{"<<": {"a": 1}}'],
  ])('leaves %s to the YAML parser', (_, text) => {
    expect(jsonDocument(text)).toBeUndefined()
  })

  it('reads what JSON.stringify writes as the YAML parser does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify([value], null, indent)
        const document = jsonDocument(text)
        const [parsed] = parseAllDocuments(text, { version: '1.1', uniqueKeys: true, stringKeys: true })
        if (document !== undefined) expect(document.value).toEqual(parsed?.toJS())
      }),
      { numRuns: 500 },
    )
  })

  it('never reads a text that JSON.parse refuses', () => {
    const text = fc
      .array(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'a', '1', ' '))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (some) => {
        const document = jsonDocument(some)
        if (document !== undefined) expect(document.value).toEqual(JSON.parse(some))
      }),
      { numRuns: 2000 },
    )
  })
})
