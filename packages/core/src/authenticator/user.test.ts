import { describe, expect, it } from 'vitest'
import { isSound, isUnauthenticated, userInfo, type UserInfoInit } from './user.ts'

describe('userInfo', () => {
  it('shares nothing with what it was made from', () => {
    const groups = ['developers']
    const extra = { 'example.com/project': ['a'] }
    const user = userInfo({ username: 'jane', groups, extra })
    groups.push('system:masters')
    extra['example.com/project'].push('b')
    expect(user).toEqual({
      username: 'jane',
      uid: '',
      groups: ['developers'],
      extra: { 'example.com/project': ['a'] },
    })
  })

  it('takes __proto__ as an ordinary key of extra', () => {
    const extra = JSON.parse('{"__proto__":["a"]}') as Record<string, string[]>
    const user = userInfo({ username: 'jane', extra })
    expect(Object.keys(user.extra)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(user.extra)).toBeNull()
  })

  it('has an extra without a prototype also where there is nothing in it', () => {
    expect(Object.getPrototypeOf(userInfo({ username: 'jane' }).extra)).toBeNull()
  })

  it.each([
    ['groups', { groups: 'admins' }],
    ['the values of a key of extra', { extra: { key: 'value' } }],
    ['groups, a set', { groups: new Set(['admins']) }],
  ])('takes no text or set for %s, which would become another list', (_, init) => {
    const untyped = init as object as Partial<UserInfoInit>
    expect(() => userInfo({ username: 'jane', ...untyped })).toThrow(TypeError)
  })

  it.each([
    ['the user', (user: object) => Object.assign(user, { username: 'root' })],
    ['its groups', (user: { groups: readonly string[] }) => (user.groups as string[]).push('system:masters')],
    ['its extra', (user: { extra: object }) => Object.assign(user.extra, { key: ['value'] })],
  ])('does not let %s be changed', (_, change) => {
    const user = userInfo({ username: 'jane', groups: ['developers'], extra: { key: ['v'] } })
    expect(() => change(user)).toThrow(TypeError)
  })
})

describe('isUnauthenticated', () => {
  it.each([
    { username: 'system:anonymous', groups: [], expected: true },
    { username: 'jane', groups: ['system:unauthenticated'], expected: true },
    { username: 'jane', groups: ['system:authenticated'], expected: false },
    { username: 'SYSTEM:ANONYMOUS', groups: [], expected: false },
  ])('is $expected for $username in $groups', ({ username, groups, expected }) => {
    expect(isUnauthenticated(userInfo({ username, groups }))).toBe(expected)
  })
})

describe('a sound user', () => {
  const untyped = (init: object) => userInfo(init as UserInfoInit)
  const jane = userInfo({ username: 'jane', groups: ['developers'], extra: { key: ['v'] } })

  it.each([
    ['a user', jane],
    ['one of another, with a group more', userInfo({ ...jane, groups: ['a', 'b'] })],
    ['one with nothing but a name', userInfo({ username: 'jane' })],
  ])('is %s', (_, user) => {
    expect(isSound(user)).toBe(true)
  })

  it.each([
    ['a name that is not a string', untyped({ username: 1 })],
    ['a uid that is not a string', untyped({ username: 'jane', uid: 1 })],
    ['a group that is not a string', untyped({ username: 'jane', groups: ['a', 1] })],
    ['a value that is not a string', untyped({ username: 'jane', extra: { key: ['v', null] } })],
    [
      'a frozen list from outside with a non-string',
      untyped({ username: 'jane', groups: Object.freeze([{}]) }),
    ],
    [
      'an extra of others that is frozen, too',
      untyped({
        username: 'jane',
        extra: Object.freeze(Object.assign(Object.create(null), { key: Object.freeze([1]) })),
      }),
    ],
    ['a copy', { ...jane }],
    ['a frozen copy', Object.freeze({ ...jane })],
    ['what inherits from one', Object.create(jane)],
    ['a clone', structuredClone(jane)],
    ['a proxy', new Proxy(jane, {})],
  ])('is not %s', (_, user: typeof jane) => {
    expect(isSound(user)).toBe(false)
  })
})
