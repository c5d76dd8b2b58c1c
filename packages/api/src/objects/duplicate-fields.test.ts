import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { duplicateFields } from './duplicate-fields.ts'

const duplicatesIn = (text: string): readonly string[] => duplicateFields(text, JSON.parse(text))

describe('duplicate fields', () => {
  it.each<[string, readonly string[]]>([
    ['{"a":1,"a":2}', ['a']],
    ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}', []],
    [
      '{"metadata":{"labels":{"app.kubernetes.io/name":"x","app.kubernetes.io/name":"x"}}}',
      ['metadata.labels.app.kubernetes.io/name'],
    ],
    [
      '{"spec":{"containers":[{"name":"a"},{"name":"b","x":[[1,{"y":1,"y":2}]],"name":"c"}]}}',
      ['spec.containers[1].x[0][1].y', 'spec.containers[1].name'],
    ],
    ['[{"a":1},{"a":1,"a":{"b":1,"b":2}}]', ['[1].a', '[1].a.b']],
    ['{"a":1,"\\u0061":2}', ['a']],
    ['{"a":"\\"b\\":1,","c":"}{[],\\\\"}', []],
    ['{"__proto__":1,"__proto__":2,"constructor":1}', ['__proto__']],
    ['{"a":{"b":1},"a":{"b":1}}', ['a']],
    ['{"a":1,"a":2,"a":3}', ['a']],
    ['{"my secret":1,"my secret":2}', ['?']],
    ['"a:b"', []],
    ['{}', []],
  ])('in %s are %j', (text, paths) => {
    expect(duplicatesIn(text)).toEqual(paths)
  })

  it('are not found in what a serializer wrote, and found when it is written twice', () => {
    const values = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 })
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value)
        expect(duplicatesIn(text)).toEqual([])
        expect(duplicatesIn(`{"x":[${text.slice(0, -1)},${text.slice(1)}]}`)).not.toEqual([])
      }),
    )
  })

  it('are found in deep and in many objects without much work', () => {
    const deep = 100_000
    expect(duplicatesIn(`${'{"a":'.repeat(deep)}{"b":1,"b":2}${'}'.repeat(deep)}`)).toHaveLength(1)
    expect(duplicatesIn(`[${Array.from({ length: 1000 }, () => '{"a":1,"a":2}').join()}]`)).toHaveLength(10)
  })
})
