import { describe, expect, it } from 'vitest'
import { isFreshIdToken } from './oidc-source.ts'

const NOW = 1_257_894_000
const encoded = (claims: string): string => `h.${Buffer.from(claims).toString('base64url')}.s`
const fresh = (claims: string): boolean => isFreshIdToken(encoded(claims), NOW * 1000)

describe('isFreshIdToken', () => {
  it.each([
    [`{"exp":${NOW + 11}}`, true],
    [`{"exp":${NOW + 10}}`, false],
    [`{"exp":${NOW + 10}.9}`, false],
    [`{"exp":${NOW + 11}.1}`, true],
    [`{"exp":"${NOW + 11}"}`, true],
    ['{"exp":1e10}', true],
    ['{"exp":-1}', false],
    ['{"exp":0}', false],
    ['{}', false],
    ['null', false],
    [`{"__proto__":{"exp":${NOW + 11}}}`, false],
  ])('of %s is %s', (claims, expected) => {
    expect(fresh(claims)).toBe(expected)
  })

  it.each([
    ['"foobar"', /^parsing claims: exp must be a number$/],
    ['null', /^parsing claims: exp/],
    ['true', /^parsing claims: exp/],
    ['[1]', /^parsing claims: exp/],
    ['1e400', /^parsing claims: exp/],
    ['" 1257894011"', /^parsing claims: exp/],
    ['"0x4b"', /^parsing claims: exp/],
    ['""', /^parsing claims: exp/],
  ])('refuses the expiry %s', (exp, message) => {
    expect(() => fresh(`{"exp":${exp}}`)).toThrow(message)
  })

  it.each([
    ['', /^ID Token is not a valid JWT$/],
    ['hunter2', /^ID Token is not a valid JWT$/],
    ['hunter2.b', /^ID Token is not a valid JWT$/],
    ['hunter2.b.c.d', /^ID Token is not a valid JWT$/],
    ['hunter2\n.e30.c', /^ID Token is not a valid JWT$/],
    ['hunter2.e30=.c', /^ID Token is not a valid JWT: illegal base64 data$/],
    ['hunter2.e.c', /^ID Token is not a valid JWT: illegal base64 data$/],
    ['hunter2..c', /^parsing claims: they are not JSON$/],
    [encoded('hunter2'), /^parsing claims: they are not JSON$/],
    [encoded('["hunter2"]'), /^parsing claims: they must be an object$/],
    [encoded('"hunter2"'), /^parsing claims: they must be an object$/],
  ])('refuses the token %j, and does not show it', (token, message) => {
    let thrown = ''
    try {
      isFreshIdToken(token, 0)
    } catch (error) {
      thrown = error instanceof Error ? error.message : ''
    }
    expect(thrown).toMatch(message)
    expect(thrown).not.toContain('hunter2')
  })
})
