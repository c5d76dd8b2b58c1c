import fc from 'fast-check'
import { scryptSync } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { parsePasswordHash } from './parse-password-hash.ts'
import type { PasswordHash } from './password-hash.ts'

/** What the runtime has in place of `node:crypto`: one, or none. */
const platform = vi.hoisted((): { passwordHashes: readonly unknown[] | undefined } => ({
  passwordHashes: undefined,
}))
vi.mock('#password-platform', async (importOriginal) => {
  const own: object & { readonly passwordHashes?: unknown } = await importOriginal()
  return {
    ...own,
    get passwordHashes() {
      return platform.passwordHashes === undefined ? own.passwordHashes : platform.passwordHashes[0]
    },
  }
})
afterEach(() => {
  platform.passwordHashes = undefined
})

/*
 * bcrypt: the test vectors of crypt_blowfish. scrypt: RFC 7914 section 12. argon2id: the test vectors of the reference
 * implementation. None of them was made by the code under test.
 */
const BCRYPT = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
const BCRYPT_BEYOND_ASCII = '$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e'
const ARGON2ID = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
const ARGON2ID_PARALLEL =
  '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc'
const SCRYPT_BYTES =
  '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887'

const unpadded = (bytes: Uint8Array | string): string =>
  Buffer.from(bytes).toString('base64').replaceAll('=', '')
const SCRYPT = `$scrypt$ln=14,r=8,p=1$${unpadded('SodiumChloride')}$${unpadded(Buffer.from(SCRYPT_BYTES, 'hex'))}`

/** A cheap scrypt hash. */
function scrypt(password: string | Uint8Array): string {
  return `$scrypt$ln=4,r=1,p=1$${unpadded('salt')}$${unpadded(scryptSync(password, 'salt', 32, { N: 16, r: 1, p: 1 }))}`
}

function hash(text: string): PasswordHash {
  const parsed = parsePasswordHash(text)
  if (typeof parsed !== 'object') throw new TypeError(parsed ?? 'no hash')
  return parsed
}

describe('a password hash', () => {
  it.each([
    ['bcrypt', BCRYPT, 'U*U'],
    ['bcrypt in the spelling of PHP', BCRYPT.replace('$2a$', '$2y$'), 'U*U'],
    ['bcrypt in the spelling of OpenBSD', BCRYPT.replace('$2a$', '$2b$'), 'U*U'],
    ['scrypt', SCRYPT, 'pleaseletmein'],
    ['scrypt, of an empty password', scrypt(''), ''],
    ['scrypt, beyond ASCII', scrypt('żółć'), 'żółć'],
    ['scrypt, with NUL', scrypt('a\0b'), 'a\0b'],
    ['scrypt, of bytes that are not UTF-8', scrypt(Uint8Array.from([0x61, 0xff])), 'a\udcff'],
    ['argon2id', ARGON2ID, 'password'],
    ['argon2id with two lanes', ARGON2ID_PARALLEL, 'password'],
  ])('of %s matches its password', async (_, text, password) => {
    expect(await hash(text).matches(password)).toBe(true)
  })

  it.each([
    ['bcrypt, another password', BCRYPT, 'U*V'],
    ['bcrypt, no password', BCRYPT, ''],
    ['bcrypt, another case', BCRYPT, 'u*u'],
    ['bcrypt, more', BCRYPT, 'U*U '],
    ['bcrypt, a NUL behind', BCRYPT, 'U*U\0'],
    ['bcrypt, the password twice with NUL between', BCRYPT, 'U*U\0U*U'],
    ['bcrypt, what is not UTF-8', BCRYPT_BEYOND_ASCII, '\udcff\udcff\udca3'],
    ['bcrypt, the hash itself', BCRYPT, BCRYPT],
    ['scrypt, another password', SCRYPT, 'pleaseletmein '],
    ['scrypt, no password', SCRYPT, ''],
    ['scrypt, the hash itself', SCRYPT, SCRYPT],
    ['argon2id, another password', ARGON2ID, 'Password'],
    ['argon2id, no password', ARGON2ID, ''],
    ['argon2id, other lanes', ARGON2ID.replace('p=1', 'p=2'), 'password'],
    ['argon2id, another cost', ARGON2ID.replace('m=256', 'm=257'), 'password'],
  ])('does not match: %s', async (_, text, password) => {
    expect(await hash(text).matches(password)).toBe(false)
  })

  it.each([
    [72, true],
    [73, false],
  ])('of bcrypt is asked about %i bytes: %s', async (length, isAsked) => {
    const { hash: bcrypt } = await import('bcryptjs')
    const password = 'x'.repeat(length)
    expect(await hash(await bcrypt(password.slice(0, 72), 4)).matches(password)).toBe(isAsked)
  })

  it('of bcrypt counts bytes, not characters', async () => {
    const { hash: bcrypt } = await import('bcryptjs')
    const password = 'ż'.repeat(36)
    const parsed = hash(await bcrypt(password, 4))
    expect(await parsed.matches(password)).toBe(true)
    expect(await parsed.matches(`${password}x`)).toBe(false)
  })

  it('is checked without node:crypto as well', async () => {
    platform.passwordHashes = []
    expect(await hash(scrypt('secret')).matches('secret')).toBe(true)
    expect(await hash(scrypt('secret')).matches('Secret')).toBe(false)
    expect(await hash(ARGON2ID).matches('password')).toBe(true)
  })
})

describe('node:crypto', () => {
  const expected = Uint8Array.from({ length: 32 }, (_, index) => index)
  const calling = (...result: readonly unknown[]) => {
    const scryptOfRuntime = (...args: readonly unknown[]): void => {
      const done = args.at(-1) as (...outcome: readonly unknown[]) => void
      done(...result)
    }
    platform.passwordHashes = [{ scrypt: scryptOfRuntime }]
    return hash(`$scrypt$ln=4,r=1,p=1$${unpadded('salt')}$${unpadded(expected)}`)
  }

  it.each([
    ['null, as Node says', null],
    ['undefined, as Bun says', undefined],
  ])('has no error where it is %s', async (_, error) => {
    expect(await calling(error, expected).matches('secret')).toBe(true)
  })

  it('fails with its error', async () => {
    await expect(calling(new Error('too much memory')).matches('secret')).rejects.toThrow('too much memory')
  })
})

describe('what is no password hash', () => {
  it.each([
    '',
    'secret',
    '$ecret',
    '$',
    '$$',
    '$$$',
    'a$2b$10$x',
    ' $2b$10$x',
    '$money in the bank$',
    '{',
    '{}',
    '{a b}c',
    '{"a":"b"}',
    'x{SHA}x',
    '$£$',
  ])('is a password in plain text: %j', (text) => {
    expect(parsePasswordHash(text)).toBeUndefined()
  })
})

describe('a hash that cannot be used', () => {
  const UNSUPPORTED = 'the password is hashed in a way that is not supported; bcrypt, scrypt and argon2id are'

  it.each([
    ['$1$salt$hash'],
    ['$5$rounds=5000$salt$hash'],
    ['$6$salt$hash'],
    ['$apr1$salt$hash'],
    ['$y$j9T$salt$hash'],
    ['$7$CU..../....salt$hash'],
    ['$P$BsaltHash'],
    ['$H$9saltHash'],
    ['$S$DsaltHash'],
    ['$sha1$40000$salt$hash'],
    ['$md5,rounds=904$salt$hash'],
    ['$pbkdf2-sha256$29000$salt$hash'],
    ['$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8'],
    ['$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8'],
    ['$bcrypt-sha256$v=2,t=2b,r=12$salt$hash'],
    ['$ARGON2ID$v=19$m=256,t=2,p=1$a$b'],
    ['{SHA}nU4eI71bcnBGqeO0t9tXvY1u5oQ='],
    ['{SSHA}hash'],
    ['{ssha}hash'],
    ['{CRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['{PBKDF2-SHA256}hash'],
  ])('is not taken for a password in plain text: %s', (text) => {
    expect(parsePasswordHash(text)).toBe(UNSUPPORTED)
  })

  it.each([
    ['bcrypt in an old spelling', BCRYPT.replace('$2a$', '$2$')],
    ['bcrypt in a broken spelling', BCRYPT.replace('$2a$', '$2x$')],
    ['bcrypt cut short', BCRYPT.slice(0, -1)],
    ['bcrypt with more behind it', `${BCRYPT}x`],
    ['bcrypt with a line end behind it', `${BCRYPT}\n`],
    ['bcrypt with another alphabet', `${BCRYPT.slice(0, -1)}+`],
    ['bcrypt without a cost', '$2b$$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['bcrypt with one digit of cost', BCRYPT.replace('$05$', '$5$')],
  ])('is malformed: %s', (_, text) => {
    expect(parsePasswordHash(text)).toBe('the bcrypt hash is malformed')
  })

  it.each(['00', '03', '15', '31', '99'])('costs too little or too much: bcrypt of %s', (cost) => {
    expect(parsePasswordHash(BCRYPT.replace('$05$', `$${cost}$`))).toBe(
      'the cost of the bcrypt hash is not between 4 and 14',
    )
  })

  const salt = unpadded('salt')
  const short = unpadded(new Uint8Array(15))
  const long = unpadded(new Uint8Array(65))
  const good = unpadded(new Uint8Array(32))
  const MALFORMED = 'the scrypt hash is malformed'
  const SMALL = 'the parameters of the scrypt hash are too small'
  const COSTLY = 'the scrypt hash is too expensive to check'

  it.each([
    ['$scrypt$', MALFORMED],
    [`$scrypt$ln=4,r=1,p=1$${salt}`, MALFORMED],
    [`$scrypt$ln=4,r=1$${salt}$${good}`, MALFORMED],
    [`$scrypt$r=1,ln=4,p=1$${salt}$${good}`, MALFORMED],
    [`$scrypt$ln=4,r=1,p=1$${salt}$${good}$`, MALFORMED],
    [`$scrypt$ln=4,r=1,p=1$${salt}$${good}=`, MALFORMED],
    [`$scrypt$ln=4,r=1,p=1$${salt}$${short}`, MALFORMED],
    [`$scrypt$ln=4,r=1,p=1$${salt}$${long}`, MALFORMED],
    [`$scrypt$ln=4,r=1,p=1$a$${good}`, MALFORMED],
    [`$scrypt$ln=4,r=1,p=1$-_$${good}`, MALFORMED],
    [`$scrypt$ln=-4,r=1,p=1$${salt}$${good}`, MALFORMED],
    [`$scrypt$ln=4,r=1,p=1$${salt}$${good}\n`, MALFORMED],
    [`$scrypt$ln=0,r=1,p=1$${salt}$${good}`, SMALL],
    [`$scrypt$ln=4,r=0,p=1$${salt}$${good}`, SMALL],
    [`$scrypt$ln=4,r=1,p=0$${salt}$${good}`, SMALL],
    [`$scrypt$ln=16,r=1,p=1$${salt}$${good}`, 'the parameters of the scrypt hash are inconsistent'],
    [`$scrypt$ln=19,r=8,p=1$${salt}$${good}`, COSTLY],
    [`$scrypt$ln=99,r=8,p=1$${salt}$${good}`, COSTLY],
    [`$scrypt$ln=14,r=999,p=1$${salt}$${good}`, COSTLY],
    [`$scrypt$ln=4,r=1,p=17$${salt}$${good}`, COSTLY],
  ])('is %s: %s', (text, problem) => {
    expect(parsePasswordHash(text)).toBe(problem)
  })

  const ARGON_MALFORMED = 'the argon2id hash is malformed'
  const ARGON_SMALL = 'the parameters of the argon2id hash are too small'
  const ARGON_COSTLY = 'the argon2id hash is too expensive to check'

  it.each([
    ['$argon2id$', ARGON_MALFORMED],
    [ARGON2ID.replace('v=19$', ''), ARGON_MALFORMED],
    [ARGON2ID.replace('v=19', 'v=16'), ARGON_MALFORMED],
    [ARGON2ID.replace('m=256,t=2', 't=2,m=256'), ARGON_MALFORMED],
    [ARGON2ID.replace('p=1', 'p=1,keyid=a'), ARGON_MALFORMED],
    [ARGON2ID.slice(0, ARGON2ID.lastIndexOf('$')), ARGON_MALFORMED],
    [ARGON2ID.replace('c29tZXNhbHQ', 'c2FsdA'), ARGON_MALFORMED],
    [ARGON2ID.slice(0, -30), ARGON_MALFORMED],
    [`${ARGON2ID}=`, ARGON_MALFORMED],
    [ARGON2ID.replace('t=2', 't=0'), ARGON_SMALL],
    [ARGON2ID.replace('p=1', 'p=0'), ARGON_SMALL],
    [ARGON2ID.replace('m=256', 'm=7'), ARGON_SMALL],
    [ARGON2ID.replace('p=1', 'p=16').replace('m=256', 'm=127'), ARGON_SMALL],
    [ARGON2ID.replace('m=256', 'm=262145'), ARGON_COSTLY],
    [ARGON2ID.replace('t=2', 't=17'), ARGON_COSTLY],
    [ARGON2ID.replace('p=1', 'p=17'), ARGON_COSTLY],
  ])('is %s: %s', (text, problem) => {
    expect(parsePasswordHash(text)).toBe(problem)
  })

  it('says what is wrong without the hash', () => {
    for (const text of [BCRYPT.slice(0, -1), `${SCRYPT}=`, `${ARGON2ID}=`, '$6$salt$hash']) {
      expect(JSON.stringify(parsePasswordHash(text))).not.toContain(text.slice(-8))
    }
  })
})

describe('parsePasswordHash', () => {
  it('reads, refuses or passes any text, in a time that does not explode', () => {
    const part = fc.constantFrom(
      '$',
      '2b',
      'scrypt',
      'argon2id',
      'v=19',
      'm=256,t=2,p=1',
      'ln=4,r=1,p=1',
      'c29tZXNhbHQ',
      'x',
      '{',
      '}',
      '05',
      ',',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(part).map((parts) => parts.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          expect(['object', 'string', 'undefined']).toContain(typeof parsePasswordHash(text))
        },
      ),
      { numRuns: 500 },
    )
    const spent = cpuSecondsOf(() => {
      for (const text of ['$', '$a', '{a', '$scrypt$ln=1,r=1,p=1$'])
        parsePasswordHash(text.padEnd(200_000, 'a,b=1'))
    })
    expect(spent).toBeLessThan(1)
  })
})
