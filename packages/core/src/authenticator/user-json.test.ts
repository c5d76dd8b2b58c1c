import { expect, it } from 'vitest'
import { isUnicodeUser, userJson } from './user-json.ts'
import { userInfo, type UserInfoInit } from './user.ts'

it.each<UserInfoInit>([
  { username: 'jane' },
  { username: 'jane', uid: '7' },
  { username: 'jane', groups: ['a', 'b'] },
  { username: 'jane', extra: { k: ['v', ''] } },
])('the JSON of %j is itself', (init) => {
  expect(userJson(userInfo(init))).toEqual(init)
  expect(userJson(userInfo({ uid: '', groups: [], extra: {}, ...init }))).toEqual(init)
})

const half = '\ud800'

it.each<[UserInfoInit, boolean]>([
  [{ username: 'jan\u00e9', uid: '7', groups: ['a'], extra: { k: ['\u{1f600}'] } }, true],
  [{ username: half }, false],
  [{ username: 'jane', uid: half }, false],
  [{ username: 'jane', groups: ['a', half] }, false],
  [{ username: 'jane', extra: { [half]: [] } }, false],
  [{ username: 'jane', extra: { k: ['v', half] } }, false],
])('%j can be written as Unicode: %s', (init, expected) => {
  expect(isUnicodeUser(userInfo(init))).toBe(expected)
})
