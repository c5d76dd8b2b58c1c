import { describe, expect, it } from 'vitest'
import { mergePatch } from './strategic-merge.ts'

describe('mergePatch', () => {
  it.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
    [
      '{"data":{"__proto__":"x"}}',
      '{"data":{"constructor":"y"}}',
      '{"data":{"__proto__":"x","constructor":"y"}}',
    ],
    ['{"data":{}}', '{"data":{"__proto__":{"polluted":true}}}', '{"data":{"__proto__":{"polluted":true}}}'],
    ['{"data":{"__proto__":"x"}}', '{"data":{"__proto__":null}}', '{"data":{}}'],
  ])('of %s and %s is %s', (target, patch, merged) => {
    const before: unknown = JSON.parse(target)
    expect(JSON.stringify(mergePatch(before, JSON.parse(patch)))).toBe(merged)
    expect(JSON.stringify(before)).toBe(target)
    expect({}).not.toHaveProperty('polluted')
  })
})
