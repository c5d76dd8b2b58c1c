import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { strictJson } from './strict-json.ts'

describe('strict JSON', () => {
  it('is what JSON is, when nothing is there twice', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space)
        expect(strictJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('has nothing twice, however deep and whatever it is called', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), fc.nat(5), (name, one, other, depth) => {
        const member = (value: unknown): string => `${JSON.stringify(name)}:${JSON.stringify(value)}`
        const text = `${'[{"a":'.repeat(depth)}{${member(one)},${member(other)}}${'}]'.repeat(depth)}`
        expect(strictJson(text)).toBeUndefined()
      }),
    )
  })

  it('has well-formed strings only', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\\ud83d', '\\uDE00', '\\\\', 'ud800', '\\n', 'x')), (parts) => {
        const text = strictJson(`"${parts.join('')}"`)
        expect(typeof text === 'string' && text.isWellFormed()).toBe(true)
      }),
    )
    expect(strictJson('{"\\ud800":1}')).toEqual({ '\ufffd': 1 })
    expect(strictJson('{"\\ud800":1,"\\ud801":1}')).toBeUndefined()
  })

  it.each(['', '{', '{"a":1}}', '"\\u12"', '"\u0000"', "{'a':1}", '{"a"::1}', 'NaN', '\ufeff{}'])(
    'is not %j',
    (text) => {
      expect(strictJson(text)).toBeUndefined()
    },
  )

  it('may be deeper than the stack', () => {
    const depth = 100_000
    expect(strictJson('['.repeat(depth) + ']'.repeat(depth))).toBeInstanceOf(Array)
    expect(strictJson(`${'{"a":'.repeat(depth)}{"b":1,"b":2}${'}'.repeat(depth)}`)).toBeUndefined()
  })
})
