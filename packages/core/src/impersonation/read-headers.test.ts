import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../test/cpu-seconds.ts'
import { exactHeaders } from '../request/headers/exact.ts'
import { joinedHeaders } from '../request/headers/joined.ts'
import { userInfo } from '../authenticator/user.ts'
import { decodeExtraKey, encodeExtraKey } from '../request/headers/extra-key.ts'
import { impersonationHeaders } from './impersonation-headers.ts'
import { readImpersonation } from './read-headers.ts'
import { serviceAccountNamed } from '../authenticator/service-account-name.ts'
import { nodeNamed } from './wanted-user.ts'

const options = { maxValues: 5, userText: 'a user' }
const exact = (...raw: string[]) => readImpersonation(exactHeaders(raw), options)
const joined = (headers: Record<string, string>) =>
  readImpersonation(joinedHeaders(new Headers(headers)), options)
const wanted = (username: string, more: object = {}): object => ({
  username,
  uid: '',
  groups: [],
  extra: new Map(),
  ...more,
})

describe('readImpersonation', () => {
  it('sees nothing in other headers, nor in an empty user or uid', () => {
    expect(exact('Impersonate-Foo', 'x', 'Impersonate-Extra', 'x', 'X-Impersonate-User', 'x')).toBeUndefined()
    expect(exact('Impersonate-User', ' \t', 'Impersonate-Uid', '')).toBeUndefined()
  })

  it.each(['Impersonate-User', 'Impersonate-Uid', 'Impersonate-Group', 'Impersonate-Extra-A'])(
    'does not take long for blanks within %s',
    (name) => {
      const value = `a${' '.repeat(128 * 1024)}b`
      const spent = cpuSecondsOf(() => {
        expect(exact('Impersonate-User', 'jane', name, value)).toMatchObject({ username: 'jane' })
      })
      expect(spent).toBeLessThan(1)
    },
  )

  it('takes the first user and uid, and every group and extra value in order', () => {
    expect(
      exact(
        'impersonate-user',
        ' bob ',
        'IMPERSONATE-USER',
        'eve',
        'Impersonate-Group',
        'a, b',
        'Impersonate-Group',
        '',
        'Impersonate-Uid',
        '1',
        'Impersonate-Extra-K',
        'x',
        'impersonate-extra-k',
        'y',
      ),
    ).toEqual(wanted('bob', { uid: '1', groups: ['a, b', ''], extra: new Map([['k', ['x', 'y']]]) }))
  })

  it.each([
    [['Impersonate-Group', ''], 'requested groups without impersonating a user'],
    [
      ['Impersonate-Uid', '1', 'Impersonate-Extra-a', ''],
      'requested a uid, extra fields without impersonating a user',
    ],
    [
      ['Impersonate-User', '', 'Impersonate-User', 'bob', 'Impersonate-Uid', '1'],
      'requested a uid without impersonating a user',
    ],
  ])('wants a user for %j', (raw, problem) => {
    expect(exact(...raw)).toEqual({ problem })
  })

  it('stops reading beyond the limit', () => {
    let read = 0
    const raw = Array.from({ length: 10_000 }, (_, index): [string, string] => [
      `impersonate-extra-k${index}`,
      'v',
    ])
    const headers = {
      exact: true,
      first: () => undefined,
      all: () => [],
      hasPrefix: () => true,
      *entries() {
        for (const entry of raw) {
          read++
          yield entry
        }
      },
    }
    expect(readImpersonation(headers, options)).toEqual({
      problem: 'requested more than 5 groups and extra values',
    })
    expect(read).toBe(6)
  })

  it('splits joined groups and extra values where they may have been joined', () => {
    expect(
      joined({
        'impersonate-user': 'bob',
        'impersonate-group': 'a, b,c',
        'impersonate-extra-dn': 'cn=jane,ou=x',
      }),
    ).toEqual(wanted('bob', { groups: ['a', 'b,c'], extra: new Map([['dn', ['cn=jane,ou=x']]]) }))
    expect(joined({ 'impersonate-user': 'bob', 'impersonate-group': 'a, b, c, d, e, f' })).toMatchObject({
      problem: expect.any(String),
    })
  })

  it.each([{ 'impersonate-user': 'bob, eve' }, { 'impersonate-user': 'bob', 'impersonate-uid': '1, 2' }])(
    'refuses %j, which may be two',
    (headers) => {
      expect(joined(headers)).toEqual({
        problem: 'requested a user or a uid that may have been joined from several headers',
      })
    },
  )

  it('takes keys that every object has as keys', () => {
    const read = exact(
      'Impersonate-User',
      'bob',
      'Impersonate-Extra-__proto__',
      'x',
      'Impersonate-Extra-constructor',
      'y',
    )
    expect(read).toEqual(
      wanted('bob', {
        extra: new Map([
          ['__proto__', ['x']],
          ['constructor', ['y']],
        ]),
      }),
    )
  })
})

describe('decodeExtraKey', () => {
  it.each([
    ['Scopes', 'scopes'],
    ['%41bc', 'Abc'],
    ['acme.com%2FProject', 'acme.com/project'],
    ['a+b', 'a+b'],
    ['a%2', 'a%2'],
    ['A%zz%41', 'a%zz%41'],
    ['%e1%9b%84', 'ᛄ'],
    ['%ff', '\udcff'],
    ['%2541', '%41'],
    ['', ''],
  ])('reads %j as %j', (rest, key) => {
    expect(decodeExtraKey(rest)).toBe(key)
  })

  it('reads back whatever was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        expect(decodeExtraKey(encodeExtraKey(key))).toBe(key)
      }),
    )
  })
})

describe('user names', () => {
  it('knows service accounts and nodes by exact form', () => {
    expect(serviceAccountNamed('system:serviceaccount:ns:a.b')).toEqual({ namespace: 'ns', name: 'a.b' })
    for (const name of [
      'ns',
      'ns:',
      ':a',
      'a.b:c',
      'ns:a:b',
      'Ns:a',
      'ns:A',
      `${'a'.repeat(64)}:b`,
      `ns:${'a'.repeat(254)}`,
      'ns:a\n',
    ]) {
      expect(serviceAccountNamed(`system:serviceaccount:${name}`)).toBeUndefined()
    }
    expect(nodeNamed('system:node:n1.example.com')).toBe('n1.example.com')
    for (const name of ['', 'Bad_Name', 'a..b', 'a:b'])
      expect(nodeNamed(`system:node:${name}`)).toBeUndefined()
  })
})

describe('impersonationHeaders', () => {
  it('has one header for each group and each value', () => {
    const user = userInfo({
      username: 'jane',
      uid: '1',
      groups: ['a', 'b,c'],
      extra: { 'Acme.io/Ü': ['x', 'y'], none: [] },
    })
    expect(impersonationHeaders(user)).toEqual([
      ['Impersonate-User', 'jane'],
      ['Impersonate-Uid', '1'],
      ['Impersonate-Group', 'a'],
      ['Impersonate-Group', 'b,c'],
      ['Impersonate-Extra-%41cme.io%2f%c3%9c', 'x'],
      ['Impersonate-Extra-%41cme.io%2f%c3%9c', 'y'],
    ])
  })

  it.each([
    ['a user without a name', { username: '' }],
    ['a line break', { username: 'a\r\nImpersonate-Group: system:masters' }],
    ['a NUL', { username: 'a', groups: ['\0'] }],
    ['white space that would be lost', { username: 'a', groups: [' system:masters'] }],
    ['an extra value with a line break', { username: 'a', extra: { k: ['\n'] } }],
  ])('throws on %s', (_, init) => {
    expect(() => impersonationHeaders(userInfo(init))).toThrow(TypeError)
  })

  it('is read back as the same user', () => {
    const value = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}|^[ \t]|[ \t]$/u.test(text))
    const user = fc.record({
      username: value.filter((text) => text !== ''),
      uid: value,
      groups: fc.array(value, { maxLength: 2 }),
      extra: fc.dictionary(fc.string(), fc.array(value, { minLength: 1, maxLength: 1 }), { maxKeys: 3 }),
    })
    fc.assert(
      fc.property(user, (init) => {
        const sent = userInfo(init)
        const read = readImpersonation(exactHeaders(impersonationHeaders(sent).flat()), options)
        expect(read).toEqual({
          username: sent.username,
          uid: sent.uid,
          groups: sent.groups,
          extra: new Map(Object.entries(sent.extra)),
        })
      }),
    )
  })
})
