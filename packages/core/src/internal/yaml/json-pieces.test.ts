import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { finish } from '../steps.ts'
import { jsonDocument } from './json-document.ts'
import { type ItemReader, jsonPieces, ReadItems } from './json-pieces.ts'

const read = (text: string): unknown => finish(jsonPieces(text))
const long = 'x'.repeat(70_000)
const many = Array.from({ length: 20_000 }, (_, index) => ({
  name: `n${index}`,
  list: [index, null, { a: {} }],
}))

describe('jsonPieces', () => {
  it.each([
    ['a list of objects', many],
    ['a long list in an object in a list', [{ kind: 'List', items: many, last: true }, 1]],
    ['long strings', { a: long, b: [long, { c: long }], [long]: 1 }],
    ['a long list without objects', Array.from({ length: 50_000 }, (_, index) => index)],
  ])('reads %s as all at once', (_, value) => {
    for (const indent of [undefined, 2]) expect(read(JSON.stringify(value, null, indent))).toEqual({ value })
  })

  it.each([
    ['a member twice', '"a":1,"a":2'],
    ['a member twice, further in', '"b":{"a":1,"a":2}'],
    ['__proto__', '"__proto__":1'],
    ['a member without a name', ':1'],
    ['a name that is not a string', '1:1'],
    ['no value', '"a":'],
    ['no colon', '"a" 1'],
    ['a comma too many', '"a":1,'],
    ['no comma', '"a":1 "b":2'],
    ['a closing bracket too many', '"a":1]'],
    ['half of a surrogate pair', String.raw`"a":"\ud800"`],
    ['a key that merges in YAML', '"<<":1'],
    ['a member twice, in one of many items', `"a":[{"b":1},{"c":1,"c":2},{"d":1}]`],
    ['members that make up for those of another item', `"a":[{"b":":"},{"c":1,"c":2}]`],
    ['an item that ends with the wrong bracket', `"a":[[1},{2]]`],
    ['an item that is missing', `"a":[1,,2]`],
    ['two items without a comma', `"a":[1 2,3]`],
    ['102 levels', `"a":${'['.repeat(101)}${']'.repeat(101)}`],
  ])('leaves %s to others', (_, members) => {
    expect(read(`{"long":[${`"${long}",`.repeat(2)}[]],${members}}`)).toBeUndefined()
  })

  it.each([
    '',
    '1',
    '"a"',
    'a: 1',
    '[1] x',
    '[1]]',
    '[1',
    '{"a":1',
    `[${'1,'.repeat(50_000)}`,
    `{"a":[${'1,'.repeat(50_000)}`,
  ])('leaves anything but a list or object to others: %#', (text) => {
    expect(read(text)).toBeUndefined()
  })

  it('takes 100 levels, as others do', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
    for (const depth of [99, 100, 101]) expect(read(nested(depth))).toEqual(jsonDocument(nested(depth)))
  })

  it('reads whatever is JSON as all at once, and nothing else', () => {
    const text = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify([value], null, 1)),
      fc
        .array(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'a', '1', ' ', '"a"'), {
          maxLength: 12,
        })
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (some) => {
        const found = read(some)
        if (found !== undefined || !some.includes('__proto__')) expect(found).toEqual(jsonDocument(some))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('jsonPieces with a reader of items', () => {
  const namesOf: ItemReader = () => (item) => (item as { readonly name: unknown }).name
  const readWith = (value: unknown, reader: ItemReader): unknown =>
    finish(jsonPieces(JSON.stringify(value), reader))

  it('puts what was made of each item in place of a long list, in order, also of an item that is long itself', () => {
    const items = [...many, { name: 'long', list: [long, long] }, { name: 'last' }]
    expect(readWith({ kind: 'List', items, last: true }, namesOf)).toEqual({
      value: { kind: 'List', items: new ReadItems(items.map(({ name }) => name)), last: true },
    })
  })

  it('is told the members before the items, and only those', () => {
    const heads: unknown[] = []
    const reader: ItemReader = (head) => {
      heads.push({ ...head })
      return undefined
    }
    const value = { kind: 'List', metadata: {}, items: many, apiVersion: 'v1' }
    expect(readWith(value, reader)).toEqual({ value })
    expect(heads).toEqual([{ kind: 'List', metadata: {} }])
  })

  it.each([
    ['a short list', { items: [{ name: 'a' }], [long]: 1 }],
    ['a list of another name', { item: many }],
    ['items of an object in the object', { spec: { items: many } }],
    ['items that are an object', { items: { [long]: many } }],
    ['a list of lists with items', [{ items: many }]],
  ])('leaves %s as it is', (_, value) => {
    expect(readWith(value, namesOf)).toEqual({ value })
  })

  it('makes nothing of a text that is not JSON to its end', () => {
    expect(finish(jsonPieces(`${JSON.stringify({ items: many })},`, namesOf))).toBeUndefined()
  })
})
