import { describe, expect, it } from 'vitest'
import { exactHeaders } from './exact.ts'
import { joinedHeaders } from './joined.ts'

describe.each([
  ['exact headers', (name: string) => exactHeaders(['Host', 'a', name, ''])],
  [
    'joined headers',
    (name: string) =>
      joinedHeaders(
        new Headers([
          ['Host', 'a'],
          [name, ''],
        ]),
      ),
  ],
])('hasPrefix of %s', (_, headersWith) => {
  it.each([
    ['impersonate-user', true],
    ['Impersonate-User', true],
    ['IMPERSONATE-EXTRA-a', true],
    ['impersonate-', true],
    ['impersonate', false],
    ['impersonate_user', false],
    ['x-impersonate-user', false],
    ['Impersonat-user', false],
    ['If-Match', false],
  ])('of %s is %s', (name, expected) => {
    expect(headersWith(name).hasPrefix('impersonate-')).toBe(expected)
  })
})

describe('hasPrefix', () => {
  it('is false without headers', () => {
    expect(exactHeaders([]).hasPrefix('impersonate-')).toBe(false)
    expect(joinedHeaders(new Headers()).hasPrefix('impersonate-')).toBe(false)
  })
})
