import { describe, expect, it } from 'vitest'
import { ask } from '../../../test/ask.ts'
import { type HeaderList, joinedRequestOf, requestOf } from '../../../test/requests.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { requestHeader, type RequestHeaderOptions } from './request-header.ts'

const names = {
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
}
const trusts = (): boolean => true

const read = (headers: HeaderList, changes: Partial<typeof names> = {}) =>
  ask(requestHeader({ ...names, ...changes, trusts }), requestOf(headers))

const bob = { username: 'bob', uid: '', groups: [], extra: {} }

describe('the headers of a proxy', () => {
  it.each<readonly [string, HeaderList, object | undefined]>([
    ['no user', [], undefined],
    ['no user with an empty name', [['X-Remote-User', '']], undefined],
    ['no user with groups only', [['X-Remote-Group', 'g']], undefined],
    [
      'no user with an empty first name',
      [
        ['X-Remote-User', ''],
        ['X-Remote-User', 'bob'],
      ],
      undefined,
    ],
    [
      'no user with a merely similar name',
      [
        ['X-Remote-User-Foo', 'bob'],
        ['Pre-X-Remote-User', 'bob'],
      ],
      undefined,
    ],
    ['a user', [['X-Remote-User', 'bob']], bob],
    [
      'the first of several users',
      [
        ['x-remote-user', 'bob'],
        ['X-REMOTE-USER', 'eve'],
      ],
      bob,
    ],
    ['a user with a comma', [['X-Remote-User', 'cn=bob,ou=x']], { ...bob, username: 'cn=bob,ou=x' }],
    [
      'a uid',
      [
        ['X-Remote-User', 'bob'],
        ['X-Remote-Uid', 'u'],
        ['X-Remote-Uid', 'v'],
      ],
      { ...bob, uid: 'u' },
    ],
    [
      'groups in order, but for empty ones',
      [
        ['X-Remote-User', 'bob'],
        ['X-Remote-Group', 'b'],
        ['X-Remote-Group', ''],
        ['X-Remote-Group', 'a'],
        ['X-Remote-Group', 'b'],
      ],
      { ...bob, groups: ['b', 'a', 'b'] },
    ],
    [
      'a group with a comma',
      [
        ['X-Remote-User', 'bob'],
        ['X-Remote-Group', 'a, b'],
      ],
      { ...bob, groups: ['a, b'] },
    ],
    [
      'extra values, also empty ones',
      [
        ['X-Remote-User', 'bob'],
        ['X-Remote-Extra-Scopes', 'a'],
        ['x-remote-extra-SCOPES', ''],
        ['X-Remote-Extra-', 'c'],
      ],
      { ...bob, extra: { scopes: ['a', ''], '': ['c'] } },
    ],
    [
      'an extra key that is decoded after it is lower case',
      [
        ['X-Remote-User', 'bob'],
        ['X-Remote-Extra-%41bc', '1'],
        ['X-Remote-Extra-Example.com%2Fx', '2'],
      ],
      { ...bob, extra: { Abc: ['1'], 'example.com/x': ['2'] } },
    ],
    [
      'an extra key that cannot be decoded, or not to text',
      [
        ['X-Remote-User', 'bob'],
        ['X-Remote-Extra-A%zz', '1'],
        ['X-Remote-Extra-%FF', '2'],
        ['X-Remote-Extra-a+b', '3'],
        ['X-Remote-Extra-a%2Fb%FF%C3%BC', '4'],
        ['X-Remote-Extra-a%2Fb%F', '5'],
      ],
      {
        ...bob,
        extra: { 'a%zz': ['1'], '\uDCFF': ['2'], 'a+b': ['3'], 'a/b\uDCFFü': ['4'], 'a%2fb%f': ['5'] },
      },
    ],
    [
      'an extra key of JavaScript’s own',
      [
        ['X-Remote-User', 'bob'],
        ['X-Remote-Extra-constructor', '1'],
      ],
      { ...bob, extra: { constructor: ['1'] } },
    ],
  ])('name %s', async (_, headers, expected) => {
    expect(await read(headers)).toEqual(expected)
  })

  it('name the user in the first header that is not empty', async () => {
    const usernameHeaders = ['X-One', 'X-Two']
    expect(
      await read(
        [
          ['X-Two', 'bob'],
          ['X-One', ''],
        ],
        { usernameHeaders },
      ),
    ).toEqual(bob)
  })

  it('may have `__proto__` as an extra key', async () => {
    const authenticator = requestHeader({ ...names, trusts })
    const headers: HeaderList = [
      ['X-Remote-User', 'bob'],
      ['X-Remote-Extra-__proto__', 'x'],
    ]
    const answer = await authenticator.authenticate(requestOf(headers), emptyContext)
    expect(Object.entries(answer?.user.extra ?? {})).toEqual([['__proto__', ['x']]])
  })

  it('give the extra values of several prefixes in the order of the prefixes', async () => {
    const headers: HeaderList = [
      ['X-Remote-User', 'bob'],
      ['X-Two-Key', '3'],
      ['X-One-Key', '1'],
      ['X-One-Key', '2'],
    ]
    expect(await read(headers, { extraHeaderPrefixes: ['X-One-', 'X-Two-'] })).toEqual({
      ...bob,
      extra: { key: ['1', '2', '3'] },
    })
  })

  it.each([
    ['x_remote_user'],
    ['X_Remote-User'],
    ['x_remote_group'],
    ['x_remote_uid'],
    ['X_Remote_Extra_Scopes'],
    ['X-Remote-Extra_Scopes'],
  ])('are refused beside a twin, as in %s', async (twin) => {
    expect(
      await read([
        ['X-Remote-User', 'bob'],
        [twin, 'eve'],
      ]),
    ).toBe(`header ${twin.toLowerCase()} could be mistaken for an identity header`)
    expect(await read([[twin, 'eve']])).toMatch(/could be mistaken/)
  })

  it('may have underscores themselves, and then no dashes beside them', async () => {
    const usernameHeaders = ['remote_user']
    expect(await read([['Remote_User', 'bob']], { usernameHeaders })).toEqual(bob)
    expect(
      await read(
        [
          ['Remote_User', 'bob'],
          ['Remote-User', 'eve'],
        ],
        { usernameHeaders },
      ),
    ).toMatch(/could be mistaken/)
  })

  it('are named for removal, with everything an application must not see', async () => {
    const authenticator = requestHeader({ ...names, trusts })
    const changes = {
      remove: ['x-remote-user', 'x-remote-uid', 'x-remote-group'],
      removePrefixes: ['x-remote-extra-'],
    }
    const answer = await authenticator.authenticate(requestOf([['X-Remote-User', 'bob']]), emptyContext)
    expect(answer?.consumed).toEqual(changes)
    expect(authenticator.credentials?.identityHeaders?.map((current) => current())).toEqual([changes])
  })
})

describe('headers that were joined', () => {
  const joined = (headers: HeaderList, joinedHeaders?: RequestHeaderOptions['joinedHeaders']) =>
    ask(
      requestHeader({ ...names, trusts, ...(joinedHeaders && { joinedHeaders }) }),
      joinedRequestOf(headers),
    )
  const twoGroups: HeaderList = [
    ['X-Remote-User', 'bob'],
    ['X-Remote-Group', 'a'],
    ['X-Remote-Group', 'system:masters'],
  ]
  const twoValues: HeaderList = [
    ['X-Remote-User', 'bob'],
    ['X-Remote-Extra-K', 'a'],
    ['X-Remote-Extra-K', 'b'],
  ]
  const comma = (name: string): string => `header ${name} has a comma, so it may be one value or several`

  it('are read where there is no doubt', async () => {
    expect(
      await joined([
        ['X-Remote-User', 'bob'],
        ['X-Remote-Group', 'a'],
      ]),
    ).toEqual({ ...bob, groups: ['a'] })
  })

  it('are refused with a comma, unless it was said how to read them', async () => {
    expect(await joined(twoGroups)).toBe(comma('x-remote-group'))
    expect(await joined(twoValues)).toBe(comma('x-remote-extra-k'))
    expect(
      await joined([
        ['X-Remote-User', 'bob'],
        ['X-Remote-User', 'eve'],
      ]),
    ).toBe(comma('x-remote-user'))
    expect(
      await joined([
        ['X-Remote-User', 'bob'],
        ['X-Remote-Uid', 'a,b'],
      ]),
    ).toBe(comma('x-remote-uid'))
  })

  it('are split where that was said', async () => {
    expect(await joined(twoGroups, 'split')).toEqual({ ...bob, groups: ['a', 'system:masters'] })
    expect(await joined(twoValues, 'split')).toEqual({ ...bob, extra: { k: ['a', 'b'] } })
    expect(await joined([['X-Remote-User', 'cn=bob,ou=x']], 'split')).toMatchObject({
      username: 'cn=bob,ou=x',
    })
  })

  it('are whole where that was said', async () => {
    expect(await joined(twoGroups, 'whole')).toEqual({ ...bob, groups: ['a, system:masters'] })
    expect(await joined(twoValues, 'whole')).toEqual({ ...bob, extra: { k: ['a, b'] } })
  })

  it('are as they are in a source that keeps them apart', async () => {
    const authenticator = requestHeader({ ...names, trusts, joinedHeaders: 'split' })
    const request = requestOf([
      ['X-Remote-User', 'bob'],
      ['X-Remote-Group', 'a, b'],
    ])
    expect(await ask(authenticator, request)).toEqual({ ...bob, groups: ['a, b'] })
  })
})
