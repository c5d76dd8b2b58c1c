import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { recorder } from '../../../test/fakes.ts'
import type { Authentication } from '../../authenticator/authenticator.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { CredentialFileError } from '../../internal/csv/credential-records.ts'
import type { FileNotice } from '../../authenticator/events.ts'
import { latin1FromBytes, textFromLatin1 } from '@kube-authn/internal/byte-text'
import { tokenFile } from './token-file.ts'

const utf8 = new TextEncoder()

function answer(csv: string | Uint8Array, token: string): Authentication | undefined {
  const result = tokenFile(csv).authenticateToken(token, emptyContext)
  expect(result).not.toBeInstanceOf(Promise)
  return result as Authentication | undefined
}

function noticesOf(csv: string | Uint8Array): readonly FileNotice[] {
  const { observer, events } = recorder()
  tokenFile(csv, { observer, source: 'tokens.csv' })
  return events.flatMap((event) => (event.type === 'fileNotice' ? [event.notice] : []))
}

describe.each([
  ['text', (csv: string): string | Uint8Array => csv],
  ['bytes', (csv: string): string | Uint8Array => utf8.encode(csv)],
])('a token file of %s', (_, file) => {
  it.each([
    ['no groups', 't,jane,1', 't', { username: 'jane', uid: '1', groups: [] }],
    ['a group', 't,jane,1,ops', 't', { groups: ['ops'] }],
    ['groups in quotes', 't,jane,1,"ops,dev"', 't', { groups: ['ops', 'dev'] }],
    [
      'groups like properties',
      't,__proto__,constructor,"__proto__,toString"',
      't',
      { username: '__proto__', uid: 'constructor', groups: ['__proto__', 'toString'] },
    ],
    ['repeated groups', 't,jane,1,"a,a"', 't', { groups: ['a', 'a'] }],
    ['an empty fourth column, which is one empty group', 't,jane,1,', 't', { groups: [''] }],
    ['empty groups', 't,jane,1,",a,"', 't', { groups: ['', 'a', ''] }],
    ['spaces around groups, which are data', 't,jane,1,"a, b"', 't', { groups: ['a', ' b'] }],
    ['more columns, which do not count', 't,jane,1,a,b,c', 't', { groups: ['a'] }],
    ['no uid', 't,jane,', 't', { username: 'jane', uid: '' }],
    ['CRLF', 't,jane,1\r\nu,bob,2\r\n', 'u', { username: 'bob', uid: '2' }],
    ['a CR at the end', 't,jane,1\r', 't', { uid: '1' }],
    ['what looks like a comment', '#t,jane,1', '#t', { username: 'jane' }],
    ['spaces, which are data', ' t , jane , 1 ', ' t ', { username: ' jane ', uid: ' 1 ' }],
    ['a token twice, of which the last counts', 't,jane,1\nt,bob,2', 't', { username: 'bob' }],
    ['a record without a token, which is skipped', ',jane,1\nt,bob,2', 't', { username: 'bob' }],
    ['a byte order mark, which is part of the token', '\ufefft,jane,1', '\ufefft', { username: 'jane' }],
    ['a token like a property', '__proto__,jane,1', '__proto__', { username: 'jane' }],
    ['a token like a method', 'toString,jane,1', 'toString', { username: 'jane' }],
    ['a token with a line end', '"a\nb",jane,1', 'a\nb', { username: 'jane' }],
    ['NUL in a token', 'a\0b,jane,1', 'a\0b', { username: 'jane' }],
    ['text beyond ASCII', 'żółć,jane,1', 'żółć', { username: 'jane' }],
    ['blank lines', '\n\nt,jane,1\n\n', 't', { username: 'jane' }],
  ])('can have %s', (_name, csv, token, expected) => {
    expect(answer(file(csv), token)?.user).toMatchObject({ extra: {}, ...expected })
  })

  it.each([
    ['another token', 't,jane,1', 'u'],
    ['a token that goes on', 't,jane,1', 'tt'],
    ['a token that is cut short', 'tt,jane,1', 't'],
    ['another case', 't,jane,1', 'T'],
    ['space around it', 't,jane,1', ' t'],
    ['a NUL behind it', 't,jane,1', 't\0'],
    ['no byte order mark', '\ufefft,jane,1', 't'],
    ['another normal form', 'é,jane,1', 'e\u0301'],
    ['no token', ',jane,1', ''],
    ['a property', 't,jane,1', '__proto__'],
    ['a method', 't,jane,1', 'toString'],
    ['the user name', 't,jane,1', 'jane'],
    ['the whole record', 't,jane,1', 't,jane,1'],
    ['any token at all when it is empty', '', 't'],
    ['any token at all when it has blank lines only', '\n\n', ''],
    ['what an earlier record of the same user had', 'a,jane,1\nb,bob,2', 'c'],
  ])('has no opinion on %s', (_name, csv, token) => {
    expect(answer(file(csv), token)).toBeUndefined()
  })

  it.each([
    [
      'one column',
      't',
      'line 1: token file must have at least 3 columns (token, user name, user uid), found 1',
    ],
    [
      'two columns',
      'x,jane,1\n\nt,jane',
      'line 3: token file must have at least 3 columns (token, user name, user uid), found 2',
    ],
    [
      'two columns, also without a token',
      ',jane',
      'line 1: token file must have at least 3 columns (token, user name, user uid), found 2',
    ],
    [
      'a line of spaces',
      't,jane,1\n   ',
      'line 2: token file must have at least 3 columns (token, user name, user uid), found 1',
    ],
    [
      'a comment',
      '# tokens\nt,jane,1',
      'line 1: token file must have at least 3 columns (token, user name, user uid), found 1; comments are not supported',
    ],
    ['no user name', 't,,1', 'line 1: the user name is empty'],
    ['a bare quote', 't,jane,1, "a,b"', 'parse error on line 1: bare " in non-quoted-field'],
    [
      'text behind a quote',
      't,jane,1,"a,b" ',
      'parse error on line 1: extraneous or missing " in quoted-field',
    ],
    [
      'a quote that is not closed',
      't,jane,1,"a',
      'parse error on line 1: extraneous or missing " in quoted-field',
    ],
  ])('is refused with %s', (_name, csv, problem) => {
    const load = () => tokenFile(file(csv), { source: 'tokens.csv' })
    expect(load).toThrow(CredentialFileError)
    expect(load).toThrow(
      expect.objectContaining({
        message: `tokens.csv: ${problem}`,
        file: 'tokens.csv',
        code: 'invalidCredentialFile',
      }),
    )
  })
})

describe('a token file with bytes that are not UTF-8', () => {
  const bytes = Uint8Array.from([0xff, ...utf8.encode(',jane,1\n'), 0xfe, ...utf8.encode(',bob,2')])

  it('keeps tokens apart that would be the same text', () => {
    const heard = (byte: number) => textFromLatin1(String.fromCharCode(byte))
    expect(answer(bytes, heard(0xff))?.user.username).toBe('jane')
    expect(answer(bytes, heard(0xfe))?.user.username).toBe('bob')
    expect(answer(bytes, heard(0xfd))).toBeUndefined()
    expect(answer(bytes, '\ufffd')).toBeUndefined()
    expect(answer(bytes, 'ÿ')).toBeUndefined()
  })
})

describe('what a token file has to say', () => {
  it.each([
    ['nothing', 't,jane,1,a', []],
    ['an empty token', 't,jane,1\n,bob,2', [{ severity: 'warning', code: 'emptyToken', record: 2 }]],
    [
      'a repeated token',
      't,jane,1\n\nu,x,3\nt,bob,2',
      [{ severity: 'warning', code: 'duplicateToken', record: 3 }],
    ],
    ['a byte order mark', '\ufefft,jane,1', [{ severity: 'advice', code: 'byteOrderMark', record: 1 }]],
    ['nothing of what is no heading', 'token,jane,1\nt,user,uid\nx,jane,1\nsecret,name,a', []],
    ['nothing of a heading that is not the first', 'x,jane,1\ntoken,user,uid', []],
    ['an empty group', 't,jane,1,', [{ severity: 'advice', code: 'emptyGroup', record: 1 }]],
    [
      'space around a group',
      't,jane,1,"a, b"',
      [{ severity: 'advice', code: 'spaceAroundGroup', record: 1 }],
    ],
  ])('is %s', (_, csv, expected) => {
    expect(noticesOf(csv)).toMatchObject(expected)
    expect(noticesOf(csv)).toHaveLength(expected.length)
  })

  it.each(['token,user,uid', 'token,user,uid,"group1,group2"', 'Token, User Name, User UID'])(
    'is that %s looks like a heading',
    (heading) => {
      expect(noticesOf(`${heading}\nt,jane,1`)).toMatchObject([
        { severity: 'advice', code: 'heading', record: 1 },
      ])
    },
  )

  it('never holds a token', () => {
    const csv = 'c2VjcmV0,jane,1,"a, "\nc2VjcmV0,bob,2,\n,x,3\n\ufeffc2VjcmV0,x,1'
    expect(JSON.stringify(noticesOf(csv))).not.toContain('c2VjcmV0')
  })

  it('is kept back when the file is refused', () => {
    const { observer, events } = recorder()
    expect(() => tokenFile(',a,1\nc2VjcmV0,b', { observer })).toThrow('token file: line 2')
    expect(events).toEqual([])
  })

  it.each(['c2VjcmV0,jane', 'c2VjcmV0,,1', '"c2VjcmV0"x,jane,1', 'c2VjcmV0"x,jane,1', '"c2VjcmV0,jane,1'])(
    'does not repeat the token in the error about it: %s',
    (csv) => {
      let error: unknown
      try {
        tokenFile(csv)
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(CredentialFileError)
      const { message, stack, cause } = error as CredentialFileError
      expect(`${message} ${stack} ${JSON.stringify(error)} ${String(cause)}`).not.toContain('c2VjcmV0')
    },
  )
})

describe('tokenFile', () => {
  it('keeps no token in what it returns', () => {
    expect(JSON.stringify(Object.values(tokenFile('c2VjcmV0,jane,1')).map(String))).not.toContain('c2VjcmV0')
  })

  it.each([
    ['the token', 'c2VjcmV0', 1],
    ['another token', 'wrong', 1],
    ['no token', '', 1],
    ['as long a token as there may be', 'x'.repeat(256), 1],
    ['a longer one, which none of the file can be', 'x'.repeat(257), 0],
  ])('looks up %s', (_name, token, digests) => {
    const tokens = tokenFile('c2VjcmV0,jane,1')
    const hash = vi.spyOn(crypto, 'hash')
    syncBuiltinESMExports()
    tokens.authenticateToken(token, emptyContext)
    expect(hash).toHaveBeenCalledTimes(digests)
  })

  it.each([1, 255, 256, 257, 512, 4096])('finds a token of %i characters', (length) => {
    const token = 'x'.repeat(length)
    const tokens = tokenFile(`short,bob,2\n${token},jane,1`)
    expect(tokens.authenticateToken(token, emptyContext)).toMatchObject({ user: { username: 'jane' } })
    expect(tokens.authenticateToken(`${token}x`, emptyContext)).toBeUndefined()
  })

  it('gives the same frozen user again and again', () => {
    const tokens = tokenFile('t,jane,1,"a,b"')
    const [first, second] = [
      tokens.authenticateToken('t', emptyContext),
      tokens.authenticateToken('t', emptyContext),
    ]
    expect(first).toBe(second)
    expect(Object.isFrozen((first as Authentication).user)).toBe(true)
  })

  it('does not follow the bytes it was made from', () => {
    const bytes = utf8.encode('t,jane,1')
    const tokens = tokenFile(bytes)
    bytes.fill(0x78)
    expect(tokens.authenticateToken('t', emptyContext)).toBeDefined()
  })

  it('reads any bytes or throws one kind of error', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc
        .array(fc.constantFrom('t,jane,1', ',', '"', '\n', '\r', 'a', '\0', '\ufeff'))
        .map((parts) => utf8.encode(parts.join(''))),
    )
    fc.assert(
      fc.property(bytes, (some) => {
        try {
          expect(
            tokenFile(some).authenticateToken(latin1FromBytes(some), emptyContext) ?? 'none',
          ).toBeDefined()
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(CredentialFileError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('knows exactly the tokens that are in it', () => {
    const token = fc.string({
      unit: fc.constantFrom('a', 'b', ' ', '\0', 'ż', '\ufeff'),
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(fc.array(token, { maxLength: 5 }), token, (known, asked) => {
        const csv = known.map((each, index) => `${each},user${index},`).join('\n')
        const last = known.lastIndexOf(asked)
        expect(answer(csv, asked)?.user.username).toBe(last === -1 ? undefined : `user${last}`)
      }),
    )
  })
})
