import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safeReturnUrl } from './return-url.ts'

const ORIGIN = 'https://app.example.com'

describe('a URL to return to', () => {
  it.each([
    '/',
    '/orders',
    '/orders?page=2&q=%C3%BC',
    '/a/b//c',
    '/orders#top',
    '/a?next=//evil.example',
    '/a?next=https%3A%2F%2Fevil.example',
    '/user@evil.example',
    '/%252541',
    `/${'a'.repeat(511)}`,
    `/a?b=${'%22'.repeat(169)}`,
  ])('may be %j', (value) => {
    expect(safeReturnUrl(value, ORIGIN)).toBe(value)
  })

  it.each([
    '',
    'orders',
    '//evil.example',
    '//app.example.com/orders',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/%2f/evil.example',
    '/%2F%2Fevil.example',
    '//%2fevil.example',
    '/%5cevil.example',
    '/%252f/evil.example',
    '/%25252f/evil.example',
    '/%2525252525252f/evil.example',
    '/%25252541',
    '/.//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    '/a/%2e%2e//evil.example',
    'https://evil.example',
    'https:evil.example',
    'https:/evil.example',
    'http://app.example.com/',
    'https://app.example.com@evil.example/',
    'https://app.example.com.evil.example/',
    'https://app.example.com/orders',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    '/a\r\nSet-Cookie: a=b',
    '/a%0d%0aSet-Cookie:a=b',
    '/a%00',
    '/%',
    '/%ff',
    '/ü',
    `/${'a'.repeat(512)}`,
    `/${'a'.repeat(2047)}`,
    // Browsers write these as three characters each.
    `/a?b=${'"'.repeat(170)}`,
    `/a?b=${'\\'.repeat(170)}`,
    `/a#${'\\'.repeat(171)}`,
    '@evil.example',
    ':443/',
  ])('is never %j', (value) => {
    expect(safeReturnUrl(value, ORIGIN)).toBeUndefined()
  })

  it('has no character that takes two bytes in JSON', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\/[!-~]{0,600}$/), (value) => {
        const url = safeReturnUrl(value, ORIGIN)
        if (url === undefined) return
        expect(JSON.stringify(url)).toHaveLength(url.length + 2)
        expect(url.length).toBeLessThanOrEqual(512)
      }),
    )
    expect(safeReturnUrl('/a?b=c\\d#\\e', ORIGIN)).toBe('/a?b=c%5Cd#%5Ce')
  })

  it.each([undefined, null])('may be absent: %s', (value) => {
    expect(safeReturnUrl(value, ORIGIN)).toBeUndefined()
  })

  it('leads to the same origin, whatever it is, also if its path is decoded on the way', () => {
    const parts = fc.constantFrom(
      '/',
      '\\',
      '%2f',
      '%5C',
      '.',
      '..',
      '%2e',
      '@',
      ':',
      '?',
      '#',
      '\t',
      'evil.example',
      'a',
      '%25',
      '//',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), (given) => {
        const url = safeReturnUrl(`/${given.join('')}`, ORIGIN)
        if (url === undefined) return
        expect(new URL(url, ORIGIN).origin).toBe(ORIGIN)
        const path = url.split(/[?#]/, 1)[0] ?? ''
        for (const seen of [path, decodeURIComponent(path)])
          expect(new URL(seen.replaceAll('?', ''), ORIGIN).origin).toBe(ORIGIN)
      }),
    )
  })
})
