import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../authenticator/errors.ts'
import {
  aBoolean,
  aClock,
  above,
  aFunction,
  aNonEmptyString,
  anything,
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aString,
  atLeast,
  aTokenAuthenticator,
  type Check,
  checkOptions,
  either,
  listOf,
  nested,
  nonEmptyListOf,
  oneOf,
  optionProblems,
  type OptionsShape,
  recordOf,
  required,
  wholeNumber,
  withMethods,
} from './index.ts'

interface ExampleOptions {
  readonly url: string
  readonly tokenFile?: string
  readonly clientCA?: string
  readonly groupsPrefix?: string
  readonly conditions?: readonly { readonly path: string }[]
  readonly inner?: { readonly enabled: boolean }
  readonly onFailure?: () => void
}

const shape: OptionsShape<ExampleOptions> = {
  url: required(aString),
  tokenFile: aString,
  clientCA: aString,
  groupsPrefix: aString,
  conditions: listOf(nested({ path: required(aNonEmptyString) })),
  inner: nested({ enabled: required(aBoolean) }),
  onFailure: aFunction,
}

const found = (given: unknown, path?: string): readonly string[] =>
  optionProblems(shape, given, path).map((problem) => `${problem.path}: ${problem.message}`)

describe('checkOptions', () => {
  it('takes what has the shape, and undefined for what is left out', () => {
    expect(found({ url: 'u', tokenFile: undefined, inner: { enabled: false } })).toEqual([])
  })

  it('takes undefined for all options where none is required', () => {
    expect(optionProblems({ observer: aFunction }, undefined)).toEqual([])
  })

  it('says everything that is wrong at once', () => {
    const given = { tokenFile: 7, clientCa: 'ca.crt', conditions: [{ path: '/' }, { paths: '/' }] }
    expect(() => checkOptions(shape, given)).toThrow(ConfigurationError)
    expect(found(given)).toEqual([
      'clientCa: unknown option, did you mean clientCA?',
      'url: is required',
      'tokenFile: must be a string',
      'conditions[1].paths: unknown option, did you mean path?',
      'conditions[1].path: is required',
    ])
  })

  it.each([
    ['null', null, 'options: must be an object of options, not null'],
    ['a string', 'tokens.csv', 'options: must be an object of options'],
    ['a number', 7, 'options: must be an object of options'],
    ['a list', [{ url: 'u' }], 'options: must be an object of options'],
    ['a function', () => ({ url: 'u' }), 'options: must be an object of options'],
    ['a Map', new Map([['url', 'u']]), 'options: must be an object of options'],
    ['bytes', new Uint8Array(1), 'options: must be an object of options'],
    ['a promise', Promise.resolve({ url: 'u' }), 'options: is a promise; await it first'],
  ])('refuses %s in place of options', (_, given, message) => {
    expect(found(given)).toEqual([message])
  })

  it('says where the options are that are no object', () => {
    expect(found(null, 'oidc')).toEqual(['oidc: must be an object of options, not null'])
    expect(found({ url: 'u', inner: [] })).toEqual(['inner: must be an object of options'])
  })

  it.each([
    ['tokensFile', 'tokenFile'],
    ['tokenfile', 'tokenFile'],
    ['token_file', 'tokenFile'],
    ['--token-file', 'tokenFile'],
    ['tokenAuthFile', undefined],
    ['clientCa', 'clientCA'],
    ['clientCAFile', 'clientCA'],
    ['groupPrefix', 'groupsPrefix'],
    ['condition', 'conditions'],
    ['onFail', 'onFailure'],
    ['URL', 'url'],
    ['x', undefined],
    ['', undefined],
    ['entirelyDifferent', undefined],
  ])('for the unknown %j suggests %s', (name, nearest) => {
    const [problem] = optionProblems({ ...shape, url: aString }, { [name]: 'x' })
    const expected =
      nearest === undefined ? /^unknown option; known options: url, tokenFile/ : `did you mean ${nearest}?`
    expect(problem?.message).toMatch(expected)
  })

  it('refuses __proto__ as a name of its own, and takes nothing from it', () => {
    const given: unknown = JSON.parse('{ "url": "u", "__proto__": { "tokenFile": 7 } }')
    expect(found(given)).toEqual([expect.stringContaining('__proto__: unknown option')])
  })

  it.each(['constructor', 'toString', 'hasOwnProperty'])(
    'does not know %s for being of every object',
    (name) => {
      expect(found({ url: 'u', [name]: aString })).toEqual([expect.stringContaining('unknown option')])
    },
  )

  it.each(['31ada4fd-adec-460c-809a-9e56ceb75269', 'pass word', 'a'.repeat(41), 'jane:secret'])(
    'does not repeat the name %j, which may be a credential',
    (name) => {
      expect(found({ url: 'u', [name]: true })).toEqual([expect.stringMatching(/^\?: unknown option/)])
    },
  )

  it('never shows a value', () => {
    const secret = 'correct horse'
    const given = {
      url: [secret],
      tokenFile: { secret },
      inner: secret,
      conditions: [secret],
      onFailure: secret,
    }
    expect(found(given).join()).not.toContain('horse')
    expect(found(given)).toHaveLength(5)
  })

  it('is complete by its type', () => {
    // @ts-expect-error -- an option has no check
    const incomplete: OptionsShape<{ readonly a?: string; readonly b?: string }> = { a: aString }
    // @ts-expect-error -- the type requires what the shape does not
    const lenient: OptionsShape<{ readonly a: string }> = { a: aString }
    const union: OptionsShape<{ readonly a: string } & ({ readonly b: string } | { readonly c?: string })> = {
      a: required(aString),
      b: aString,
      c: aString,
    }
    expect([incomplete, lenient, union]).toHaveLength(3)
  })
})

describe('a check', () => {
  it.each<[string, Check, unknown, string | undefined]>([
    ['aString', aString, '', undefined],
    ['aString', aString, 7, 'must be a string'],
    ['aString', aString, null, 'must be a string, not null'],
    ['aString', aString, new String('x'), 'must be a string'],
    ['aString', aString, Promise.resolve('x'), 'is a promise; await it first'],
    ['aNonEmptyString', aNonEmptyString, '', 'must not be empty'],
    ['aNonEmptyString', aNonEmptyString, null, 'must be a string, not null'],
    ['aBoolean', aBoolean, false, undefined],
    ['aBoolean', aBoolean, 'false', 'must be a boolean'],
    ['aBoolean', aBoolean, 0, 'must be a boolean'],
    ['aBoolean', aBoolean, null, 'must be a boolean, not null'],
    ['aFunction', aFunction, () => 1, undefined],
    ['aFunction', aFunction, 'console.log', 'must be a function'],
    ['anything', anything, 0, undefined],
    ['anything', anything, null, 'must be given, not null'],
    ['anything', anything, Promise.resolve(0), 'is a promise; await it first'],
    ['withMethods', withMethods('a clock', 'now'), { now: Date.now }, undefined],
    ['withMethods', withMethods('a clock', 'now'), Object.create({ now: Date.now }), undefined],
    ['withMethods', withMethods('a clock', 'now'), { now: 1 }, 'must be a clock'],
    ['withMethods', withMethods('a clock', 'now'), null, 'must be a clock, not null'],
    ['above', above(0, 30), 30, undefined],
    ['above', above(0, 30), 0, 'must be above 0 and at most 30'],
    ['above', above(0, 30), 31, 'must be above 0 and at most 30'],
    ['above', above(0), '5', 'must be above 0'],
    ['above', above(0), Number.NaN, 'must be above 0'],
    ['atLeast', atLeast(0), 0, undefined],
    ['atLeast', atLeast(0), -1, 'must be 0 or more'],
    ['atLeast', atLeast(1, 2), 3, 'must be from 1 to 2'],
    ['wholeNumber', wholeNumber(1), 1, undefined],
    ['wholeNumber', wholeNumber(1), 1.5, 'must be a whole number above 0'],
    ['wholeNumber', wholeNumber(1), 0, 'must be a whole number above 0'],
    ['wholeNumber', wholeNumber(0), -1, 'must be a whole number, 0 or more'],
    ['wholeNumber', wholeNumber(0), Infinity, 'must be a whole number, 0 or more'],
    ['oneOf', oneOf('a', 'b', 'c'), 'b', undefined],
    ['oneOf', oneOf('a', 'b', 'c'), 'd', "must be 'a', 'b' or 'c'"],
    ['oneOf', oneOf('a'), ['a'], "must be 'a'"],
    ['listOf', listOf(aString), [], undefined],
    ['listOf', listOf(aString), 'api', 'must be a list'],
    ['listOf', listOf(aString), { length: 1, 0: 'a' }, 'must be a list'],
    ['nonEmptyListOf', nonEmptyListOf(aString, '; leave it out'), [], 'must not be empty; leave it out'],
    ['nonEmptyListOf', nonEmptyListOf(aString), null, 'must be a list, not null'],
    ['recordOf', recordOf(aString), { any: 'x' }, undefined],
    ['recordOf', recordOf(aString), [], 'must be an object'],
    ['either', either(Array.isArray, listOf(aString), aBoolean), true, undefined],
    ['either', either(Array.isArray, listOf(aString), aBoolean), 'x', 'must be a boolean'],
    ['required', required(aString), undefined, 'is required'],
  ])('%s: case %#', (_, check, value, message) => {
    expect(check(value, 'here')).toEqual(message === undefined ? [] : [{ path: 'here', message }])
  })

  it.each([
    ['an element of a list', listOf(aString), ['a', 7], 'here[1]'],
    // A hole is not a string, and `map` would skip it.
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole in a list', listOf(aString), ['a', , 'b'], 'here[1]'],
    ['a value of a record', recordOf(aString), { 'a b': 7 }, 'here["a b"]'],
  ])('says where it is: %s', (_, check, value, path) => {
    expect(check(value, 'here')).toEqual([{ path, message: 'must be a string' }])
  })
})

describe('a check for a clock', () => {
  const after = (): (() => void) => () => undefined
  it.each<[string, unknown, readonly string[]]>([
    ['tells the time', { now: () => 0, after }, []],
    [
      'is a class',
      new (class Clock {
        now = Date.now
        after = after
      })(),
      [],
    ],
    ['tells nothing', { now: () => undefined, after }, ['clock.now(): must be a number of milliseconds']],
    ['tells no number', { now: () => Number.NaN, after }, ['clock.now(): must be a number of milliseconds']],
    ['tells a string', { now: () => '1', after }, ['clock.now(): must be a number of milliseconds']],
    ['tells a Date', { now: () => new Date(0), after }, ['clock.now(): must be a number of milliseconds']],
    ['has no timer', { now: () => 0 }, ['clock: must be a clock']],
    ['is a function', () => 0, ['clock: must be a clock']],
  ])('that %s', (_, clock, expected) => {
    expect(aClock(clock, 'clock').map(({ path, message }) => `${path}: ${message}`)).toEqual(expected)
  })
})

describe('a check for an authenticator', () => {
  const requests = { name: 'r', authenticate: () => undefined }
  const tokens = { name: 't', authenticateToken: () => undefined }
  const passwords = { name: 'p', authenticatePassword: () => undefined }

  it.each<[string, Check, unknown, string | undefined]>([
    ['of requests', aRequestAuthenticator, requests, undefined],
    ['of tokens', aTokenAuthenticator, tokens, undefined],
    ['of passwords', aPasswordAuthenticator, passwords, undefined],
    ['of two kinds', aTokenAuthenticator, { ...requests, ...tokens }, undefined],
    [
      'of tokens for one of requests',
      aRequestAuthenticator,
      tokens,
      'must be a request authenticator; this is a token authenticator: wrap it with bearerToken(...)',
    ],
    [
      'of passwords for one of requests',
      aRequestAuthenticator,
      passwords,
      'must be a request authenticator; this is a password authenticator: wrap it with basic(...)',
    ],
    [
      'of requests for one of tokens',
      aTokenAuthenticator,
      requests,
      'must be a token authenticator; this is a request authenticator',
    ],
    [
      'with another name of the method',
      aRequestAuthenticator,
      { name: 'mine', authenticateRequest: () => undefined },
      'must be a request authenticator; this has no method "authenticate"',
    ],
    [
      'that is a factory',
      aTokenAuthenticator,
      () => tokens,
      'must be a token authenticator; this is a function: call it first',
    ],
    ['that is a promise', aTokenAuthenticator, Promise.resolve(tokens), 'is a promise; await it first'],
    [
      'that is undefined',
      aRequestAuthenticator,
      undefined,
      'must be a request authenticator; it is undefined: was a promise not awaited?',
    ],
    ['that is null', aTokenAuthenticator, null, 'must be a token authenticator, not null'],
    ['that is a string', aTokenAuthenticator, 'tokens.csv', 'must be a token authenticator'],
  ])('%s', (_, check, value, message) => {
    expect(check(value, 'here')).toEqual(message === undefined ? [] : [{ path: 'here', message }])
  })

  it.each([
    { schemes: ['ApiKey'] },
    { schemes: ['Bearer', 'Basic'] },
    { schemes: ['x-1!'] },
    { schemes: [] },
    {},
    undefined,
  ])('takes the credentials %j', (credentials) => {
    expect(aRequestAuthenticator({ ...requests, credentials }, 'here')).toEqual([])
  })

  it.each(['', 'Api Key', 'a,b', 'realm="x"', 'é', 'a\r\nSet-Cookie: a=b', 'x'.repeat(65), 1, null])(
    'refuses the scheme %j, which could not be in a header',
    (scheme) => {
      expect(
        aRequestAuthenticator({ ...requests, credentials: { schemes: ['Basic', scheme] } }, 'here'),
      ).toEqual([expect.objectContaining({ path: 'here.credentials.schemes' })])
    },
  )
})
