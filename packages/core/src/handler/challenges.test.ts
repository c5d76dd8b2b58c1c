import { describe, expect, it } from 'vitest'
import { noOpinion, request, requests } from '../../test/fakes.ts'
import { ConfigurationError } from '../authenticator/errors.ts'
import { authenticateRequest } from './authenticate-request.ts'
import type { AuthenticateRequestOptions } from './authenticate-request-options.ts'

const METADATA = 'https://api.example.com/.well-known/oauth-protected-resource'

async function challengesTo(
  headers: readonly (readonly [string, string])[],
  options: AuthenticateRequestOptions = {},
  schemes: readonly string[] = ['Bearer', 'Basic', 'Negotiate'],
): Promise<unknown> {
  const authenticator = { ...requests(noOpinion), credentials: { schemes } }
  const outcome = await authenticateRequest(authenticator, { realm: 'r', ...options })(request({ headers }))
  return 'failure' in outcome ? outcome.failure.headers['www-authenticate'] : outcome
}

const ALL = ['Bearer realm="r"', 'Basic realm="r"', 'Negotiate']
const WITHOUT_BASIC = ['Bearer realm="r"', 'Negotiate']

describe('challenges', () => {
  it.each<[string, string, readonly string[]]>([
    ['x-other', 'a', ALL],
    ['sec-fetch-mode', 'navigate', ALL],
    ['sec-fetch-mode', 'cors', WITHOUT_BASIC],
    ['sec-fetch-mode', 'same-origin', WITHOUT_BASIC],
    ['sec-fetch-mode', 'no-cors', WITHOUT_BASIC],
    ['sec-fetch-mode', 'websocket', WITHOUT_BASIC],
    ['x-requested-with', 'XMLHttpRequest', WITHOUT_BASIC],
    ['x-requested-with', '', WITHOUT_BASIC],
  ])('for a request with %s: %s are %j', async (name, value, expected) => {
    const headers = [
      [name, value],
      ['sec-fetch-dest', 'empty'],
    ] as const
    expect(await challengesTo(headers)).toEqual(expected)
    expect(await challengesTo(headers, { challenges: 'all' })).toEqual(ALL)
    expect(await challengesTo(headers, { challenges: 'none' })).toBeUndefined()
  })

  it('are all for fetch of Node, which is no browser', async () => {
    expect(await challengesTo([['sec-fetch-mode', 'cors']])).toEqual(ALL)
  })

  it('are none for a script where only Basic is accepted', async () => {
    expect(await challengesTo([['x-requested-with', 'a']], {}, ['Basic'])).toBeUndefined()
    expect(await challengesTo([], {}, ['Basic'])).toBe('Basic realm="r"')
  })

  it('name the metadata of the resource and the scopes, for Bearer only', async () => {
    const options = { resourceMetadataUrl: METADATA, scopes: ['read', 'write'] }
    expect(await challengesTo([], options)).toEqual([
      `Bearer realm="r", scope="read write", resource_metadata="${METADATA}"`,
      'Basic realm="r"',
      'Negotiate',
    ])
  })

  it.each([
    { scopes: [] },
    { scopes: ['a b'] },
    { scopes: ['a"'] },
    { scopes: 'read' },
    { resourceMetadataUrl: 'https://a.example.com/"' },
    { resourceMetadataUrl: 'https://a.example.com/\r\nx: y' },
    { resourceMetadataUrl: '/metadata' },
    { resourceMetadataUrl: 'ftp://a.example.com' },
    { challenges: 'basic' },
  ])('refuse %j', async (options) => {
    await expect(challengesTo([], options as never)).rejects.toThrow(ConfigurationError)
  })
})
