import { describe, expect, it } from 'vitest'
import { scopesOfClaim } from './access-token.ts'

describe('scopesOfClaim', () => {
  it.each([
    [{ scope: 'read write' }, 'scope', ['read', 'write']],
    [{ scope: '  read  read ' }, 'scope', ['read']],
    [{ scp: ['read', 'write'] }, 'scp', ['read', 'write']],
    [{ scp: ['read write', ''] }, 'scp', ['read', 'write']],
  ])('%j has by %s the scopes %j', (claims, claim, scopes) => {
    expect(scopesOfClaim(claims, claim)).toEqual({ scopes })
  })

  it.each([{}, { scope: '' }, { scope: [] }, { scope: null }, { scp: 'read' }])(
    '%j has no scopes',
    (claims) => {
      expect(scopesOfClaim(claims, 'scope')).toEqual({})
    },
  )

  it.each([
    { scope: 1 },
    { scope: true },
    { scope: {} },
    { scope: [1] },
    { scope: [['read']] },
    { scope: [null] },
  ])('%j is refused', (claims) => {
    expect(() => scopesOfClaim(claims, 'scope')).toThrow('must be a string or a list of strings')
  })

  it.each(['__proto__', 'constructor'])('an inherited %s is no claim', (claim) => {
    expect(scopesOfClaim({}, claim)).toEqual({})
  })
})
