import { afterEach, describe, expect, it } from 'vitest'
import { withoutStack } from './without-stack.ts'

const limit = Error.stackTraceLimit

afterEach(() => {
  Object.defineProperty(Error, 'stackTraceLimit', {
    value: limit,
    writable: true,
    enumerable: true,
    configurable: true,
  })
})

describe('withoutStack', () => {
  it('makes an error whose stack names nothing, and the next one has a stack again', () => {
    expect(withoutStack(() => new TypeError('refused')).stack).toBe('TypeError: refused')
    expect(new TypeError('a fault').stack).toContain('without-stack.test')
  })

  it.each([0, 3, Infinity])('leaves a limit of %d as it was', (given) => {
    Error.stackTraceLimit = given
    withoutStack(() => new Error('refused'))
    expect(Error.stackTraceLimit).toBe(given)
  })

  it('leaves the limit as it was when nothing can be made', () => {
    expect(() =>
      withoutStack(() => {
        throw new RangeError('no')
      }),
    ).toThrow(RangeError)
    expect(Error.stackTraceLimit).toBe(limit)
  })

  it.each([
    ['cannot be set', { value: 5, writable: false, configurable: true }],
    ['is none', { value: undefined, writable: true, configurable: true }],
  ])('makes it all the same where the limit %s', (_, descriptor) => {
    Object.defineProperty(Error, 'stackTraceLimit', descriptor)
    expect(withoutStack(() => new Error('refused')).message).toBe('refused')
    expect(Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')).toMatchObject(descriptor)
  })
})
