import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { AuthorizationError } from '../authorization/errors.ts'
import { CredentialFileError } from '../internal/csv/credential-records.ts'
import {
  aggregate,
  asAuthenticationError,
  AuthenticationError,
  ConfigurationError,
  isAuthenticationError,
  rejected,
} from './errors.ts'
import { KubeAuthnError } from './kube-authn-error.ts'
import { StatusError } from './status.ts'

/** Classes and how to make one, by the name of their brand. */
const INSTANCES: Readonly<Record<string, () => Error>> = {
  AuthenticationError: () => rejected('bad'),
  AuthorizationError: () => new AuthorizationError('down'),
  ConfigurationError: () => new ConfigurationError([{ path: 'a', message: 'b' }]),
  CredentialFileError: () => new CredentialFileError('tokens.csv', 'bad'),
  KubeAuthnError: () => rejected('bad'),
  StatusError: () => new StatusError({ status: 403, reason: 'Forbidden', message: 'no' }),
}

/** The sources of the public entries. */
async function entrySources(): Promise<readonly Record<string, unknown>[]> {
  const root = new URL('../../', import.meta.url)
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    exports: Record<string, string>
  }
  const sources = Object.entries(exports)
    .filter(([entry, path]) => entry !== './internal' && path.endsWith('.js'))
    .map(([, path]) => path.replace('./dist/', './src/').replace(/\.js$/, '.ts'))
  return Promise.all(
    sources.map((path) => import(new URL(path, root).href) as Promise<Record<string, unknown>>),
  )
}

const brandOf = (name: string) => Symbol.for(`@kube-authn/${name}`)
const foreign = (name: string, members: object) =>
  Object.assign(Object.create({ [brandOf(name)]: true }) as object, members)

describe('every error class that a public entry exports', () => {
  const classes = new Map<string, new (...args: never) => Error>()

  beforeAll(async () => {
    for (const entry of await entrySources()) {
      for (const value of Object.values(entry)) {
        if (typeof value === 'function' && value.prototype instanceof Error) {
          classes.set(value.name, value as new (...args: never) => Error)
        }
      }
    }
  })

  it('is in the list of this test', () => {
    expect([...classes.keys()].toSorted()).toEqual(Object.keys(INSTANCES).toSorted())
  })

  it.each(Object.keys(INSTANCES))('%s is branded, and recognises its own instances', (name) => {
    const error = INSTANCES[name]?.()
    expect(Reflect.get(error ?? {}, brandOf(name))).toBe(true)
    expect(error instanceof (classes.get(name) ?? Map)).toBe(true)
    expect(Object.getOwnPropertySymbols(error)).toEqual([])
  })

  it.each(Object.keys(INSTANCES))(
    '%s recognises what a copy of it made, and nothing that lacks its brand',
    (name) => {
      const error = INSTANCES[name]?.() ?? new Error('none')
      const members = Object.fromEntries(
        Object.getOwnPropertyNames(error).map((key) => [key, Reflect.get(error, key)]),
      )
      const type = classes.get(name) ?? Map
      expect(foreign(name, members) instanceof type).toBe(true)
      expect(foreign('Another', members) instanceof type).toBe(false)
      expect(members instanceof type).toBe(false)
      const text = JSON.stringify({ ...members, [`@kube-authn/${name}`]: true })
      expect(JSON.parse(text) instanceof type).toBe(false)
      expect(foreign(name, {}) instanceof type).toBe(false)
    },
  )
})

describe('the base of all errors', () => {
  it.each(Object.keys(INSTANCES).filter((name) => !name.startsWith('Cel')))('%s extends it', (name) => {
    const error = INSTANCES[name]?.()
    expect(error).toBeInstanceOf(KubeAuthnError)
  })

  it('recognises an error of another copy by its brand, also with a code that is not known', () => {
    expect(foreign('KubeAuthnError', { code: 'throttled', message: 'slow' }) instanceof KubeAuthnError).toBe(
      true,
    )
    expect(foreign('KubeAuthnError', { message: 'slow' }) instanceof KubeAuthnError).toBe(false)
    expect(Object.assign(new Error('bad'), { code: 'rejected' }) instanceof KubeAuthnError).toBe(false)
    expect(foreign('AuthenticationError', { code: 'rejected', message: '' }) instanceof KubeAuthnError).toBe(
      false,
    )
  })

  it('has subclasses that recognise only themselves', () => {
    expect(rejected('bad')).not.toBeInstanceOf(StatusError)
    expect(new AuthorizationError('down')).not.toBeInstanceOf(AuthenticationError)
  })
})

describe('a branded class', () => {
  class RevokedError extends AuthenticationError {}

  it('recognises its subclasses, which recognise only themselves', () => {
    const revoked = new RevokedError('rejected', 'revoked')
    expect(isAuthenticationError(revoked)).toBe(true)
    expect(revoked).toBeInstanceOf(RevokedError)
    expect(rejected('bad')).not.toBeInstanceOf(RevokedError)
    expect(
      foreign('AuthenticationError', { code: 'rejected', message: 'bad', errors: [] }),
    ).not.toBeInstanceOf(RevokedError)
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'rejected'],
    ['a function', () => 'rejected'],
    [
      'an ordinary error of the same name',
      Object.assign(new Error('bad'), { name: 'AuthenticationError', code: 'rejected', errors: [] }),
    ],
    [
      'claims with the name of the brand',
      JSON.parse('{"@kube-authn/AuthenticationError":true,"code":"rejected","message":"","errors":[]}'),
    ],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          get() {
            throw new Error('secret')
          },
        },
      ),
    ],
    [
      'an object whose members cannot be read',
      Object.defineProperty(foreign('AuthenticationError', { message: 'bad', errors: [] }), 'code', {
        get() {
          throw new Error('secret')
        },
      }),
    ],
  ])('does not recognise %s, and does not throw', (_, value) => {
    expect(isAuthenticationError(value)).toBe(false)
    const error = asAuthenticationError(value)
    expect(error.code).toBe('unavailable')
    expect(error.cause === value).toBe(true)
    expect(error.message).not.toContain('secret')
  })

  it.each([
    ['a code that is not known', { code: 'throttled', message: 'slow', errors: [] }],
    ['no code', { message: 'bad', errors: [] }],
    ['a code that is a property of all objects', { code: 'constructor', message: 'bad', errors: [] }],
    ['a message that is not a string', { code: 'rejected', message: { text: 'bad' }, errors: [] }],
    ['no list of errors', { code: 'rejected', message: 'bad' }],
    [
      'an error in it that is not known',
      { code: 'rejected', message: 'bad', errors: [new TypeError('secret')] },
    ],
    [
      'an error in it with a code that is not known',
      {
        code: 'rejected',
        message: 'bad',
        errors: [foreign('AuthenticationError', { code: 'throttled', message: 'slow', errors: [] })],
      },
    ],
  ])('of another version, with %s, counts as unavailable', (_, members) => {
    expect(asAuthenticationError(foreign('AuthenticationError', members))).toMatchObject({
      code: 'unavailable',
    })
  })

  it('does not recognise an object that has anything but true for the brand', () => {
    const members = { code: 'rejected', message: 'bad', errors: [] }
    expect(isAuthenticationError({ ...members, [brandOf('AuthenticationError')]: 'true' })).toBe(false)
  })

  it('of an older version, without isFinal, does not end a union', () => {
    const old = foreign('AuthenticationError', {
      code: 'rejected',
      message: 'old',
      errors: [],
    }) as AuthenticationError
    expect(aggregate([old])).toBe(old)
    expect(aggregate([old, rejected('new')])).toMatchObject({
      code: 'rejected',
      message: '[old, new]',
      isFinal: false,
    })
  })
})
