import { Environment } from '@marcbachmann/cel-js'
import { describe, expect, it } from 'vitest'
import type { Macro } from './engine.ts'
import { seeTypesFlat } from './flat-types.ts'

describe('an environment', () => {
  it.each([
    [[[['a']]], 'list<dyn>'],
    [new Map([['a', [1]]]), 'map<dyn, dyn>'],
    ['a', 'string'],
  ])('keeps no type for the shape of %j', (value, type) => {
    const seen: string[] = []
    const look = (): Macro => ({
      async: false,
      typeCheck: (checker) => checker.getType('bool'),
      evaluate: (evaluator) => seen.push(evaluator.debugTypeDeep(value).name),
    })
    const environment = new Environment().registerFunction('look(ast): bool', look, { async: false })
    seeTypesFlat(environment)
    environment.evaluate('look(true)')
    expect(seen).toEqual([type])
  })
})
