import { describe, expect, it } from 'vitest'
import type { RequestHeaders } from '../request.ts'
import { exactHeaders } from './exact.ts'
import { hasPrefix } from './has-prefix.ts'
import { joinedHeaders } from './joined.ts'

const withoutTheMethod = (name: string): RequestHeaders => {
  const headers = exactHeaders([name, ''])
  return {
    exact: true,
    first: (each) => headers.first(each),
    all: (each) => headers.all(each),
    entries: () => headers.entries(),
  }
}

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
  ['headers that only list themselves', withoutTheMethod],
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
    expect(hasPrefix(headersWith(name), 'impersonate-')).toBe(expected)
  })
})

describe('hasPrefix', () => {
  it('is false without headers', () => {
    expect(hasPrefix(exactHeaders([]), 'impersonate-')).toBe(false)
    expect(hasPrefix(joinedHeaders(new Headers()), 'impersonate-')).toBe(false)
  })
})
