import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { isReadableContentType } from './post.ts'

/* What Go's `mime.ParseMediaType` takes, and what it does not. */

describe('isReadableContentType', () => {
  it.each([
    '',
    'application/json',
    ' TEXT/HTML ; charset=utf-8',
    'text',
    'text/html;',
    'text/html ; ',
    'a/b;c="d;e=\\"f\\""',
    'a/b;c="";d=e',
    "a!#$%&'*+-.^_`|~/b",
  ])('takes %j', (contentType) => {
    expect(isReadableContentType(contentType)).toBe(true)
  })

  it.each([
    ';',
    '/',
    'text/',
    '/html',
    'text/html/x',
    'text html',
    'text/html;;',
    'text/html; charset',
    'text/html; charset=',
    'text/html; =utf-8',
    'text/html; charset="utf-8',
    'text/html; charset=utf-8 x',
    'text/html, text/plain',
    '"text"/html',
    'text/h\u00e4',
  ])('does not take %j', (contentType) => {
    expect(isReadableContentType(contentType)).toBe(false)
  })

  it('takes no longer for a long one', () => {
    const spent = cpuSecondsOf(() => {
      expect(isReadableContentType(`a/b${';c="\\\\"'.repeat(20_000)};`)).toBe(true)
      expect(isReadableContentType(`a/b${' '.repeat(50_000)}${';c=" '.repeat(10_001)}`)).toBe(false)
    })
    expect(spent).toBeLessThan(0.5)
  })
})
