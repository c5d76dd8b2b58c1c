import { expect, it } from 'vitest'
import { userInfo, type UserInfoInit } from '../../authenticator/user.ts'
import { identityHeaders } from './identity-headers.ts'

it.each<[UserInfoInit, readonly (readonly [name: string, value: string])[]]>([
  [{ username: 'jane' }, [['X-User', 'jane']]],
  [
    {
      username: 'jan\u00e9 d',
      uid: '7',
      groups: ['a', '', 'b, c\td'],
      extra: { 'example.com/Team': ['red', ''], none: [] },
    },
    [
      ['X-User', 'jan\u00c3\u00a9 d'],
      ['X-Uid', '7'],
      ['X-Group', 'a'],
      ['X-Group', ''],
      ['X-Group', 'b, c\td'],
      ['X-Extra-example.com%2f%54eam', 'red'],
      ['X-Extra-example.com%2f%54eam', ''],
    ],
  ],
])('the user %j is named by the headers %j', (init, expected) => {
  expect(identityHeaders('X-', userInfo(init))).toEqual(expected)
})

it.each<[string, RegExp]>([
  ['', /without a name/],
  ['a\nb', /control characters/],
  ['a\0', /control characters/],
  ['a\u0085', /control characters/],
  [' a', /white space/],
  ['\ta', /white space/],
  ['a ', /white space/],
  ['a\t', /white space/],
  ['a\ud800', /surrogate/],
])('the user %j cannot be named: %s', (username, message) => {
  expect(() => identityHeaders('X-', userInfo({ username }))).toThrow(message)
})
