import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { compareSync, hashSync } from 'bcryptjs'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { fixedClock, recorder, thrownBy } from '../../../test/fakes.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { CredentialFileError } from '../../internal/csv/credential-records.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import type { FileNotice } from '../../authenticator/events.ts'
import type * as bcrypt from './bcrypt.ts'
import { passwordFile, type PasswordFileOptions } from './password-file.ts'

const compare = vi.hoisted(() => vi.fn<(password: string, hash: string) => Promise<boolean>>())
vi.mock('./bcrypt.ts', async (importOriginal) => {
  const { parseBcrypt } = await importOriginal<typeof bcrypt>()
  return {
    parseBcrypt(text: string) {
      const parsed = parseBcrypt(text)
      return typeof parsed === 'string' ? parsed : { matches: (password: string) => compare(password, text) }
    },
  }
})
beforeEach(() => {
  compare.mockReset()
  compare.mockImplementation(async (password, hash) => compareSync(password, hash))
})

const utf8 = new TextEncoder()
const HASH = hashSync('secret', 4)
const OTHER_HASH = hashSync('other', 4)

const ask = async (
  csv: string | Uint8Array,
  username: string,
  password: string,
  options?: PasswordFileOptions,
) => (await passwordFile(csv, options).authenticatePassword(username, password, emptyContext))?.user

function noticesOf(csv: string | Uint8Array, options: PasswordFileOptions = {}): readonly FileNotice[] {
  const { observer, events } = recorder()
  passwordFile(csv, { ...options, observer })
  return events.flatMap((event) => (event.type === 'fileNotice' ? [event.notice] : []))
}

describe.each([
  ['text', (csv: string): string | Uint8Array => csv],
  ['bytes', (csv: string): string | Uint8Array => utf8.encode(csv)],
])('a password file of %s', (_, file) => {
  it.each([
    ['a password', 'p,jane,1', 'jane', 'p', { username: 'jane', uid: '1', groups: [] }],
    ['groups', 'p,jane,1,"a, b,"', 'jane', 'p', { groups: ['a', ' b', ''] }],
    ['no uid', 'p,jane,', 'jane', 'p', { uid: '' }],
    ['a password in quotes', '"a,""b""",jane,1', 'jane', 'a,"b"', {}],
    ['spaces in a password', ' p ,jane,1', 'jane', ' p ', {}],
    ['a name with a colon', 'p,a:b,1', 'a:b', 'p', {}],
    [
      'names of properties',
      '__proto__,constructor,1,__proto__',
      'constructor',
      '__proto__',
      { groups: ['__proto__'] },
    ],
    ['the name of the prototype', 'p,__proto__,1', '__proto__', 'p', { username: '__proto__' }],
    ['a byte order mark', '\ufeffp,jane,1', 'jane', '\ufeffp', {}],
    ['NUL', 'a\0b,ja\0ne,1', 'ja\0ne', 'a\0b', {}],
    ['text beyond ASCII', 'żółć,łucja,1', 'łucja', 'żółć', {}],
    ['a user twice, the last of which counts', 'a,jane,1\nb,jane,2', 'jane', 'b', { uid: '2' }],
    ['a bcrypt hash', `${HASH},jane,1,ops`, 'jane', 'secret', { groups: ['ops'] }],
  ])('can have %s', async (_name, csv, username, password, expected) => {
    expect(await ask(file(csv), username, password)).toMatchObject(expected)
  })

  it.each([
    ['another password', 'p,jane,1', 'jane', 'q'],
    ['no password', 'p,jane,1', 'jane', ''],
    ['a password that goes on', 'p,jane,1', 'jane', 'pp'],
    ['a password in another case', 'p,jane,1', 'jane', 'P'],
    ['a password without its byte order mark', '\ufeffp,jane,1', 'jane', 'p'],
    ['a password that an earlier record had', 'a,jane,1\nb,jane,2', 'jane', 'a'],
    ['the password of another user', 'a,jane,1\nb,bob,2', 'jane', 'b'],
    ['an unknown user', 'p,jane,1', 'bob', 'p'],
    ['a user in another case', 'p,jane,1', 'Jane', 'p'],
    ['a property for a user', 'p,jane,1', '__proto__', 'p'],
    ['any user when it is empty', '', 'jane', 'p'],
    ['a hash for its password', `${HASH},jane,1`, 'jane', HASH],
    ['another password than the hashed one', `${HASH},jane,1`, 'jane', 'Secret'],
    ['an unknown user with the password of the one who is in it', `${HASH},jane,1`, 'bob', 'secret'],
  ])('has no opinion on %s', async (_name, csv, username, password) => {
    expect(await ask(file(csv), username, password)).toBeUndefined()
  })

  it.each([
    [
      'two columns',
      'p,jane',
      'line 1: password file must have at least 3 columns (password, user name, user uid), found 2',
    ],
    [
      'a comment',
      'p,jane,1\n# x',
      'line 2: password file must have at least 3 columns (password, user name, user uid), found 1; comments are not supported',
    ],
    ['an empty password', 'p,bob,2\n,jane,1', 'line 2: the password is empty'],
    ['no user name', 'p,,1', 'line 1: the user name is empty'],
    ['a bare quote', 'p"x,jane,1', 'parse error on line 1: bare " in non-quoted-field'],
    ['a hash that is cut short', `\n${HASH.slice(0, -1)},jane,1`, 'line 2: the bcrypt hash is malformed'],
    [
      'a hash that costs too much',
      `${HASH.replace('$04$', '$20$')},jane,1`,
      'line 1: the cost of the bcrypt hash is not between 4 and 14',
    ],
    [
      'a hash of an unknown kind',
      '$6$salt$hash,jane,1',
      'line 1: the password is hashed in a way that is not supported; bcrypt, scrypt and argon2id are',
    ],
  ])('is refused with %s', (_name, csv, problem) => {
    const load = () => passwordFile(file(csv), { source: 'passwords.csv' })
    expect(load).toThrow(CredentialFileError)
    expect(load).toThrow(expect.objectContaining({ message: `passwords.csv: ${problem}` }))
  })
})

describe('a password file with bytes that are not UTF-8', () => {
  const bytes = Uint8Array.from([0xff, ...utf8.encode(',jane,1\n'), 0xfe, 0x2c, 0xff, ...utf8.encode(',2')])

  it('keeps passwords and users apart that would be the same text', async () => {
    expect((await ask(bytes, 'jane', '\udcff'))?.uid).toBe('1')
    expect((await ask(bytes, '\udcff', '\udcfe'))?.uid).toBe('2')
    expect(await ask(bytes, 'jane', '\udcfe')).toBeUndefined()
    expect(await ask(bytes, '\udcfe', '\udcfe')).toBeUndefined()
    expect(await ask(bytes, 'jane', '\ufffd')).toBeUndefined()
  })
})

describe('an empty password', () => {
  const emptyHash = hashSync('', 4)

  it('is refused, hashed or not', async () => {
    expect(await ask(`${emptyHash},jane,1`, 'jane', '')).toBeUndefined()
    expect(await ask('p,jane,1', 'jane', '')).toBeUndefined()
  })

  it('is accepted if allowed', async () => {
    const options = { allowEmptyPasswords: true }
    expect(await ask(',jane,1', 'jane', '', options)).toBeDefined()
    expect(await ask(`${emptyHash},jane,1`, 'jane', '', options)).toBeDefined()
    expect(await ask('p,jane,1', 'jane', '', options)).toBeUndefined()
    expect(await ask(',jane,1', 'jane', 'p', options)).toBeUndefined()
  })
})

describe('what a password file has to say', () => {
  it.each([
    ['nothing when all is hashed', `${HASH},jane,1`, []],
    [
      'a repeated user',
      `${HASH},jane,1\n${HASH},bob,2\n${HASH},jane,3`,
      [{ severity: 'warning', code: 'duplicateUser', record: 3 }],
    ],
    [
      'passwords in plain text, counted',
      `a,jane,1\n${HASH},bob,2\nb,eve,3`,
      [
        {
          severity: 'advice',
          code: 'plainTextPasswords',
          message:
            'the columns are password, username, uid: check that passwords come first. 2 are in plain text; hash them with bcrypt, scrypt or argon2id',
        },
      ],
    ],
    ['an empty group', `${HASH},jane,1,`, [{ severity: 'advice', code: 'emptyGroup' }]],
  ])('is %s', (_, csv, expected) => {
    expect(noticesOf(csv)).toMatchObject(expected)
    expect(noticesOf(csv)).toHaveLength(expected.length)
  })

  it('never holds a password or a hash', () => {
    const csv = `c2VjcmV0,jane,1,"a, "\nc2VjcmV0,jane,1\n${HASH},bob,2`
    const said = JSON.stringify(noticesOf(csv))
    expect(said).not.toContain('c2VjcmV0')
    expect(said).not.toContain(HASH.slice(-20))
  })

  it.each(['c2VjcmV0,jane', 'c2VjcmV0,,1', 'c2VjcmV0"x,jane,1', '$6$c2VjcmV0,jane,1', '$2b$c2VjcmV0,jane,1'])(
    'does not repeat the password in the error about it: %s',
    async (csv) => {
      const error = await thrownBy(() => passwordFile(csv))
      expect(error).toBeInstanceOf(CredentialFileError)
      expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain('c2VjcmV0')
      expect(error).not.toHaveProperty('cause')
    },
  )
})

describe('an unknown user', () => {
  it.each([
    ['is unknown', 'nobody', 'secret'],
    ['is known, with a wrong password', 'jane', 'wrong'],
  ])('costs one hash, as much as one who %s', async (_, username, password) => {
    await ask(`${HASH},jane,1`, username, password)
    expect(compare).toHaveBeenCalledOnce()
    expect(compare).toHaveBeenCalledWith(password, HASH)
  })

  it('is checked against the same hash every time', async () => {
    const passwords = passwordFile(
      Array.from({ length: 8 }, (_, index) => `${hashSync(`p${index}`, 4)},user${index},`).join('\n'),
      { maxConcurrent: 8 },
    )
    for (const username of ['a', 'b', 'c', 'd']) {
      compare.mockClear()
      for (let attempt = 0; attempt < 3; attempt++) {
        await passwords.authenticatePassword(username, `guess${attempt}`, emptyContext)
      }
      expect(new Set(compare.mock.calls.map(([, hash]) => hash)).size).toBe(1)
    }
  })

  it('is refused with the password of the user it is checked against', async () => {
    const passwords = passwordFile(`${HASH},jane,1`)
    expect(await passwords.authenticatePassword('nobody', 'secret', emptyContext)).toBeUndefined()
    expect(await passwords.authenticatePassword('nobody', 'secret', emptyContext)).toBeUndefined()
  })

  it('costs the same where that password was right for the user it is checked against', async () => {
    const passwords = passwordFile(`${HASH},jane,1`)
    expect(await passwords.authenticatePassword('jane', 'secret', emptyContext)).toBeDefined()
    compare.mockClear()
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await passwords.authenticatePassword('nobody', 'secret', emptyContext)).toBeUndefined()
    }
    expect(compare).toHaveBeenCalledTimes(3)
    expect(await passwords.authenticatePassword('jane', 'secret', emptyContext)).toBeDefined()
    expect(compare).toHaveBeenCalledTimes(3)
  })

  it('does not make the password it guessed right for the user it is checked against', async () => {
    const passwords = passwordFile(`${HASH},jane,1`)
    await passwords.authenticatePassword('nobody', 'secret', emptyContext)
    await passwords.authenticatePassword('jane', 'secret', emptyContext)
    expect(compare).toHaveBeenCalledTimes(2)
  })

  it.each(['jane', 'nobody', ''])('takes as many digests as one who is known: %s', async (username) => {
    const passwords = passwordFile('p,jane,1\nq,bob,2')
    const hash = vi.spyOn(crypto, 'hash')
    syncBuiltinESMExports()
    for (const password of ['p', 'q', 'wrong']) {
      hash.mockClear()
      await passwords.authenticatePassword(username, password, emptyContext)
      expect(hash).toHaveBeenCalledTimes(1)
    }
  })

  it('costs nothing if the file is empty', async () => {
    expect(await ask('', 'nobody', 'p')).toBeUndefined()
    expect(compare).not.toHaveBeenCalled()
  })
})

describe('a right password', () => {
  const remembering = (options: PasswordFileOptions = {}) => {
    const clock = fixedClock()
    const passwords = passwordFile(`${HASH},jane,1\n${OTHER_HASH},bob,2`, { clock, ...options })
    const isRight = async (username: string, password: string) =>
      (await passwords.authenticatePassword(username, password, emptyContext)) !== undefined
    return { clock, isRight }
  }

  it('is remembered for ten seconds, to the millisecond', async () => {
    const { clock, isRight } = remembering()
    expect(await isRight('jane', 'secret')).toBe(true)
    clock.advance(9999)
    expect(await isRight('jane', 'secret')).toBe(true)
    expect(compare).toHaveBeenCalledTimes(1)
    clock.advance(1)
    expect(await isRight('jane', 'secret')).toBe(true)
    expect(compare).toHaveBeenCalledTimes(2)
  })

  it('is remembered from when it was checked, not from when it was asked again', async () => {
    const { clock, isRight } = remembering({ successTtlSeconds: 1 })
    await isRight('jane', 'secret')
    for (let round = 0; round < 4; round++) {
      clock.advance(300)
      await isRight('jane', 'secret')
    }
    expect(compare).toHaveBeenCalledTimes(2)
  })

  it('is checked every time where nothing is to be remembered', async () => {
    const { isRight } = remembering({ successTtlSeconds: 0 })
    await isRight('jane', 'secret')
    await isRight('jane', 'secret')
    expect(compare).toHaveBeenCalledTimes(2)
  })

  it('does not make another one right, nor that of another user', async () => {
    const { isRight } = remembering()
    await isRight('jane', 'secret')
    expect(await isRight('jane', 'Secret')).toBe(false)
    expect(await isRight('bob', 'secret')).toBe(false)
    expect(compare).toHaveBeenCalledTimes(3)
  })

  it('stays remembered when wrong ones come between', async () => {
    const { isRight } = remembering()
    await isRight('jane', 'secret')
    await isRight('jane', 'wrong')
    await isRight('jane', 'secret')
    expect(compare).toHaveBeenCalledTimes(2)
  })

  it('is remembered alone: a wrong one is checked every time', async () => {
    const { isRight } = remembering()
    await isRight('jane', 'wrong')
    await isRight('jane', 'wrong')
    expect(compare).toHaveBeenCalledTimes(2)
  })
})

describe('checks of hashed passwords', () => {
  /** Checks that end when they are told to. */
  function held(options: PasswordFileOptions, csv = `${HASH},jane,1\np,plain,2`) {
    const ends: (() => void)[] = []
    compare.mockImplementation(
      (password, hash) => new Promise((resolve) => ends.push(() => resolve(compareSync(password, hash)))),
    )
    const passwords = passwordFile(csv, options)
    const check = async (password: string, username = 'jane') =>
      passwords.authenticatePassword(username, password, emptyContext)
    return { check, ends }
  }

  it('run two at a time, and the others wait', async () => {
    const { check, ends } = held({})
    const checks = ['wrong', 'false', 'secret', 'bad'].map((password) => check(password))
    await vi.waitFor(() => expect(ends).toHaveLength(2))
    ends[0]?.()
    await vi.waitFor(() => expect(ends).toHaveLength(3))
    ends[1]?.()
    await vi.waitFor(() => expect(ends).toHaveLength(4))
    for (const end of ends) end()
    const users = await Promise.all(checks)
    expect(users.map((answer) => answer?.user.username)).toEqual([undefined, undefined, 'jane', undefined])
  })

  it('are unavailable for users who are not there as well', async () => {
    const { check, ends } = held({ maxConcurrent: 1, maxWaiting: 0 }, `${HASH},jane,1`)
    const first = check('secret')
    expect(await thrownBy(() => check('secret', 'nobody'))).toMatchObject({ code: 'unavailable' })
    await vi.waitFor(() => expect(ends).toHaveLength(1))
    ends[0]?.()
    expect((await first)?.user.uid).toBe('1')
  })

  it('are unavailable beyond what may wait, which is no verdict on the password', async () => {
    const { check, ends } = held({ maxConcurrent: 1, maxWaiting: 1 })
    const first = check('wrong')
    const second = check('secret')
    expect(await thrownBy(() => check('secret'))).toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 2,
    })
    expect((await check('p', 'plain'))?.user.username).toBe('plain')
    await vi.waitFor(() => expect(ends).toHaveLength(1))
    ends[0]?.()
    await vi.waitFor(() => expect(ends).toHaveLength(2))
    ends[1]?.()
    expect([(await first)?.user.uid, (await second)?.user.uid]).toEqual([undefined, '1'])
  })

  it('are made once for all who wait with the same right password', async () => {
    const { check, ends } = held({ maxConcurrent: 1 })
    const checks = Array.from({ length: 10 }, () => check('secret'))
    await vi.waitFor(() => expect(ends).toHaveLength(1))
    ends[0]?.()
    const users = await Promise.all(checks)
    expect(users.map((answer) => answer?.user.username)).toEqual(Array.from({ length: 10 }, () => 'jane'))
    expect(compare).toHaveBeenCalledOnce()
  })

  it('that wait for ten seconds are unavailable', async () => {
    const clock = fixedClock()
    const { check, ends } = held({ maxConcurrent: 1, clock })
    const first = check('wrong')
    const second = check('secret')
    await vi.waitFor(() => expect(ends).toHaveLength(1))
    clock.advance(10_000)
    expect(await thrownBy(() => second)).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    ends[0]?.()
    expect(await first).toBeUndefined()
  })

  it('are two at once, and 256 that wait, where nothing else is said', async () => {
    const { check, ends } = held({})
    const checks = Array.from({ length: 2 + 256 }, (_, index) => check(`guess${index}`))
    expect(await thrownBy(() => check('one more'))).toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 2,
    })
    await vi.waitFor(() => expect(ends).toHaveLength(2))
    for (let count = 0; count < 258; count++) {
      await vi.waitFor(() => expect(ends.length).toBeGreaterThan(count))
      ends[count]?.()
    }
    expect(new Set(await Promise.all(checks))).toEqual(new Set([undefined]))
  })

  it('are given up with their requests', async () => {
    const passwords = passwordFile(`${HASH},jane,1`, { maxConcurrent: 1 })
    const first = passwords.authenticatePassword('jane', 'wrong', emptyContext)
    const signal = AbortSignal.abort()
    const second = thrownBy(() => passwords.authenticatePassword('jane', 'secret', { signal }))
    expect(await second).toMatchObject({ code: 'unavailable' })
    expect(await first).toBeUndefined()
    expect(compare).toHaveBeenCalledOnce()
  })

  it('that fail are no verdict, and make room for the next', async () => {
    const passwords = passwordFile(`${HASH},jane,1`, { maxConcurrent: 1, maxWaiting: 0 })
    compare.mockRejectedValueOnce(new Error('broken'))
    expect(
      await thrownBy(() => passwords.authenticatePassword('jane', 'secret', emptyContext)),
    ).toBeInstanceOf(Error)
    expect(await passwords.authenticatePassword('jane', 'secret', emptyContext)).toBeDefined()
  })
})

describe('passwordFile', () => {
  it.each([
    [{ maxConcurrent: 0 }, ['maxConcurrent']],
    [{ maxConcurrent: -1 }, ['maxConcurrent']],
    [{ maxConcurrent: 1.5 }, ['maxConcurrent']],
    [{ maxConcurrent: Number.NaN }, ['maxConcurrent']],
    [{ maxWaiting: -1 }, ['maxWaiting']],
    [{ maxWaiting: Infinity }, ['maxWaiting']],
    [{ successTtlSeconds: -1 }, ['successTtlSeconds']],
    [{ successTtlSeconds: Number.NaN, maxWaiting: 0.5 }, ['maxWaiting', 'successTtlSeconds']],
  ])('refuses the options %o', async (options, paths) => {
    const error = await thrownBy(() => passwordFile('p,jane,1', options))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).problems.map(({ path }) => path)).toEqual(paths)
  })

  it('answers at once for a password in plain text', () => {
    expect(passwordFile('p,jane,1').authenticatePassword('jane', 'p', emptyContext)).toMatchObject({
      user: { username: 'jane' },
    })
  })

  it('reads any bytes or throws one kind of error', () => {
    const part = fc.constantFrom(
      'p,jane,1',
      ',',
      '"',
      '\n',
      '$2b$',
      '$scrypt$',
      '$argon2id$',
      HASH,
      '{SHA}',
      'a',
      '\0',
    )
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.array(part).map((parts) => utf8.encode(parts.join(''))),
    )
    fc.assert(
      fc.property(bytes, (some) => {
        try {
          expect(passwordFile(some).name).toBe('passwordFile')
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(CredentialFileError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
