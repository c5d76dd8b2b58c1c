import { describe, expect, it } from 'vitest'
import {
  aggregate,
  AuthenticationError,
  asAuthenticationError,
  ConfigurationError,
  isFault,
  rejected,
  unavailable,
} from './errors.ts'

describe('asAuthenticationError', () => {
  it.each([new TypeError('secret'), 'secret', undefined, null, { message: 'secret' }])(
    'makes an outage of %j that does not repeat it',
    (thrown) => {
      const error = asAuthenticationError(thrown)
      expect(error.code).toBe('unavailable')
      expect(error.message).not.toContain('secret')
      expect(error.cause).toBe(thrown)
    },
  )

  it('leaves an error of an authenticator as it is', () => {
    const error = rejected('bad')
    expect(asAuthenticationError(error)).toBe(error)
  })
})

describe('isFault', () => {
  const fault = asAuthenticationError(new TypeError('x is not a function'))

  it.each([
    ['a fault', fault, true],
    ['a fault among others', aggregate([rejected('bad'), fault, unavailable('down')]), true],
    ['a bad credential', rejected('bad'), false],
    ['an outage', unavailable('down', { cause: new TypeError('fetch failed') }), false],
    ['several of both', aggregate([rejected('bad'), unavailable('down')]), false],
  ])('of %s', (_, error, expected) => {
    expect(isFault(error)).toBe(expected)
  })
})

describe('AuthenticationError', () => {
  it.each([
    [rejected('a'), 'rejected'],
    [unavailable('a'), 'unavailable'],
  ])('%s has the code %s and no cause of its own', (error, code) => {
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code, name: 'AuthenticationError', errors: [] })
    expect('cause' in error).toBe(false)
  })
})

describe('ConfigurationError', () => {
  it('names every problem with its path', () => {
    const problems = [
      { path: 'a[0].b', message: 'Required value' },
      { path: 'c', message: 'must be 0 or more' },
    ]
    const error = new ConfigurationError(problems)
    expect(error.message).toBe('a[0].b: Required value; c: must be 0 or more')
    expect(error).toMatchObject({ code: 'invalidConfiguration', problems })
  })
})
