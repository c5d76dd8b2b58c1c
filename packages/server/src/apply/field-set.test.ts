import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  areSameSets,
  difference,
  type FieldSet,
  fromFieldsV1,
  intersection,
  isEmptySet,
  NO_FIELDS,
  pathsOf,
  toFieldsV1,
  union,
} from './field-set.ts'

const key = fc.constantFrom('f:a', 'f:__proto__', 'k:{"name":"c"}', 'v:"x"')
const member: FieldSet = { isMember: true, parts: new Map() }
/** Sets of fields at up to three levels. */
const set = fc
  .array(fc.array(key, { minLength: 1, maxLength: 3 }), { maxLength: 6 })
  .map((all) =>
    all
      .map((path) =>
        path.reduceRight<FieldSet>(
          (part, each) => ({ isMember: false, parts: new Map([[each, part]]) }),
          member,
        ),
      )
      .reduce((one, other) => union(one, other), NO_FIELDS),
  )

const paths = (fields: FieldSet): readonly string[] => pathsOf(fields).toSorted()

describe('sets of fields', () => {
  it('are written as FieldsV1, and read again', () => {
    fc.assert(
      fc.property(set, (a) => {
        fc.pre(!isEmptySet(a))
        expect(areSameSets(fromFieldsV1(structuredClone(toFieldsV1(a))), a)).toBe(true)
      }),
    )
    const text =
      '{"f:data":{".":{},"f:a":{}},"f:list":{"k:{\\"name\\":\\"c\\"}":{".":{},"f:x":{}},"v:\\"y\\"":{}}}'
    const read = fromFieldsV1(JSON.parse(text))
    expect(JSON.stringify(toFieldsV1(read))).toBe(text)
    expect(pathsOf(read)).toEqual(['.data', '.data.a', '.list[name="c"]', '.list[="y"]', '.list[name="c"].x'])
  })

  it('have paths with all keys of an element', () => {
    const ports = fromFieldsV1({ 'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': {} } })
    expect(pathsOf(ports)).toEqual(['.ports[containerPort=80,protocol="TCP"]'])
  })

  it('are united and intersected field by field', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        expect(paths(union(a, b))).toEqual([...new Set([...paths(a), ...paths(b)])].toSorted())
        expect(paths(intersection(a, b))).toEqual(paths(a).filter((path) => paths(b).includes(path)))
        expect(areSameSets(union(a, b), union(b, a))).toBe(true)
      }),
    )
  })

  it('are subtracted field by field: with a map its entries do not go', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        expect(paths(difference(a, b))).toEqual(paths(a).filter((path) => !paths(b).includes(path)))
        expect(isEmptySet(difference(a, a))).toBe(true)
        expect(areSameSets(difference(a, NO_FIELDS), a)).toBe(true)
      }),
    )
    const [map, entry] = [fromFieldsV1({ 'f:a': {} }), fromFieldsV1({ 'f:a': { 'f:b': {} } })]
    expect(paths(difference(entry, map))).toEqual(['.a.b'])
    expect(paths(difference(map, entry))).toEqual(['.a'])
  })
})
