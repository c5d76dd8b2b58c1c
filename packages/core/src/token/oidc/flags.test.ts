import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { oidcFlagOptions, type OidcFlags } from './flags.ts'

const issuerUrl = 'https://issuer.example.com'
const required = { issuerUrl, clientId: 'app' }

function problemOf(flags: OidcFlags, authenticationConfig?: string): string {
  try {
    oidcFlagOptions(flags, authenticationConfig)
    return ''
  } catch (error) {
    return error instanceof ConfigurationError ? (error.problems[0]?.message ?? '') : String(error)
  }
}

describe('the flags of OpenID Connect', () => {
  it('stand for nothing where none was given', () => {
    expect(oidcFlagOptions({})).toBeUndefined()
    expect(oidcFlagOptions({ issuerUrl: undefined }, 'config.yaml')).toBeUndefined()
  })

  it.each<[string, OidcFlags, string, string]>([
    ['the default', {}, 'sub', `${issuerUrl}#`],
    ['an empty one', { usernamePrefix: '' }, 'sub', `${issuerUrl}#`],
    ['a hyphen', { usernamePrefix: '-' }, 'sub', ''],
    ['a text', { usernamePrefix: 'oidc:' }, 'sub', 'oidc:'],
    ['the default of e-mail', { usernameClaim: 'email' }, 'email', ''],
    ['a hyphen before e-mail', { usernameClaim: 'email', usernamePrefix: '-' }, 'email', ''],
    ['a text before e-mail', { usernameClaim: 'email', usernamePrefix: 'x' }, 'email', 'x'],
    ['another claim', { usernameClaim: 'Email' }, 'Email', `${issuerUrl}#`],
  ])('put a prefix before user names: %s', (_, flags, claim, prefix) => {
    expect(oidcFlagOptions({ ...required, ...flags })).toMatchObject({
      usernameClaim: claim,
      usernamePrefix: prefix,
    })
  })

  it('have groups only with a claim, and no prefix unless it is given', () => {
    const groupsOf = (flags: OidcFlags) => {
      const { groupsClaim, groupsPrefix } = oidcFlagOptions({ ...required, ...flags }) ?? {}
      return { groupsClaim, groupsPrefix }
    }
    expect(groupsOf({ groupsPrefix: 'x' })).toEqual({})
    expect(groupsOf({ groupsClaim: 'g' })).toEqual({ groupsClaim: 'g', groupsPrefix: '' })
    expect(groupsOf({ groupsClaim: 'g', groupsPrefix: '-' })).toEqual({ groupsClaim: 'g', groupsPrefix: '-' })
  })

  it('take RS256 alone unless told otherwise', () => {
    expect(oidcFlagOptions(required)?.signingAlgorithms).toEqual(['RS256'])
    expect(oidcFlagOptions({ ...required, signingAlgorithms: [] })?.signingAlgorithms).toEqual(['RS256'])
  })

  it('split required claims at the first sign, and keep the last of the same', () => {
    const requiredClaims = ['a=b=c', 'x=', 'a=2', '__proto__=1']
    expect(Object.entries(oidcFlagOptions({ ...required, requiredClaims })?.requiredClaims ?? {})).toEqual([
      ['a', '2'],
      ['x', ''],
      ['__proto__', '1'],
    ])
  })

  it.each<[string, OidcFlags, string | undefined, RegExp]>([
    ['an issuer alone', { issuerUrl }, undefined, /must be specified together/],
    ['a client alone', { clientId: 'app' }, undefined, /must be specified together/],
    ['a claim alone', { usernameClaim: 'sub' }, undefined, /must be specified together/],
    ['a CA alone', { caFile: 'ca.crt' }, undefined, /must be specified together/],
    ['a file besides', required, 'config.yaml', /mutually exclusive/],
    ['a file besides a default', { usernameClaim: 'sub' }, '', /mutually exclusive/],
    ['a claim without value', { ...required, requiredClaims: ['a'] }, undefined, /malformed pair/],
    ['a value without claim', { ...required, requiredClaims: ['=a'] }, undefined, /malformed pair/],
  ])('are refused: %s', (_, flags, file, message) => {
    expect(problemOf(flags, file)).toMatch(message)
  })
})
