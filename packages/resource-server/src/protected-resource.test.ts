import { describe, expect, it, vi } from 'vitest'
import {
  ConfigurationError,
  rejected,
  type TokenAuthenticator,
  unavailable,
  userInfo,
} from '@kube-authn/core'
import { fetchRequest } from '@kube-authn/core/adapter'
import { fixedClock, tokens as fakeTokens, fails, thrownBy } from '../../testing/test/fakes.ts'
import { mcpTokenVerifier } from './mcp-token-verifier.ts'
import { protectedResource } from './protected-resource.ts'

const ISSUER = 'https://issuer.example.com'

describe('protectedResource', () => {
  it.each([
    ['https://api.example.com', '/.well-known/oauth-protected-resource', ''],
    ['https://api.example.com/', '/.well-known/oauth-protected-resource', ''],
    ['https://api.example.com/mcp', '/.well-known/oauth-protected-resource/mcp', ''],
    ['https://api.example.com/a/b/', '/.well-known/oauth-protected-resource/a/b/', ''],
    ['https://api.example.com/mcp?k=1', '/.well-known/oauth-protected-resource/mcp', '?k=1'],
    ['http://localhost:3000/mcp', '/.well-known/oauth-protected-resource/mcp', ''],
    ['http://127.0.0.1:3000', '/.well-known/oauth-protected-resource', ''],
  ])('%s is described at %s%s', (resource, path, query) => {
    const described = protectedResource({ resource, authorizationServers: [ISSUER] })
    expect(described.path).toBe(path)
    expect(described.metadataUrl).toBe(`${new URL(resource).origin}${path}${query}`)
    expect(described.metadata).toEqual({
      resource,
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
    })
  })

  const full = protectedResource({
    resource: 'https://api.example.com/mcp',
    authorizationServers: [ISSUER],
    scopes: ['read', 'write'],
    name: 'My API',
    documentationUrl: 'https://docs.example.com',
  })

  it.each([
    ['GET', 200, JSON.stringify(full.metadata)],
    ['HEAD', 200, ''],
    ['OPTIONS', 204, ''],
    ['POST', 405, ''],
  ])('answers %s with %d, for scripts of all origins, in both ways', async (method, status, body) => {
    const response = full.fetch(new Request(full.metadataUrl, { method }))
    expect([response.status, await response.text()]).toEqual([status, body])
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    const res = {
      statusCode: 0,
      setHeader: vi.fn<(name: string, value: string | string[]) => void>(),
      end: vi.fn<() => void>(),
    }
    full.handler({ method }, res)
    expect(res.statusCode).toBe(status)
    expect(res.end).toHaveBeenCalledExactlyOnceWith(body)
    expect(Object.fromEntries(res.setHeader.mock.calls)).toEqual(Object.fromEntries(response.headers))
  })

  it('has the members of RFC 9728', () => {
    expect(full.metadata).toEqual({
      resource: 'https://api.example.com/mcp',
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
      scopes_supported: ['read', 'write'],
      resource_name: 'My API',
      resource_documentation: 'https://docs.example.com',
    })
  })

  it.each([
    { resource: 'http://api.example.com' },
    { resource: 'http://localhost.example.com' },
    { resource: 'https://api.example.com/#a' },
    { resource: 'https://user:pass@api.example.com' },
    { resource: 'https://api.example.com/"' },
    { resource: 'https://api.example.com/\r\nset-cookie: a' },
    { resource: 'api' },
    { authorizationServers: [] },
    { authorizationServers: ISSUER },
    { scopes: ['a b'] },
    { scopes: [] },
  ])('refuses %j', (options) => {
    const given = { resource: 'https://api.example.com', authorizationServers: [ISSUER], ...options }
    expect(() => protectedResource(given as never)).toThrow(ConfigurationError)
  })
})

class InvalidTokenError extends Error {}
const invalidToken = (message: string): Error => new InvalidTokenError(message)

describe('mcpTokenVerifier', () => {
  const user = userInfo({ username: 'jane', extra: { scopes: ['read write'], 'client-id': ['cli'] } })

  it('knows the client, the scopes and the expiry of a token', async () => {
    const expiresAtMs = fixedClock().now() + 999
    const verifier = mcpTokenVerifier(
      fakeTokens(() => ({ user, expiresAtMs })),
      { invalidToken },
    )
    expect(await verifier.verifyAccessToken('t')).toEqual({
      token: 't',
      clientId: 'cli',
      scopes: ['read', 'write'],
      expiresAt: 1000,
      extra: { user },
    })
  })

  it('takes the user for the client of a token that names none', async () => {
    const verifier = mcpTokenVerifier(
      fakeTokens(() => ({ user: userInfo({ username: 'bob' }) })),
      { invalidToken },
    )
    expect(await verifier.verifyAccessToken('t')).toMatchObject({ clientId: 'bob', scopes: [] })
  })

  it.each([
    ['an unknown token', fakeTokens(() => undefined), undefined],
    ['a refused token', fakeTokens(fails(rejected('a secret'))), undefined],
    ['a user without a name', fakeTokens(() => ({ user: { ...user, username: '' } })), undefined],
    ['another audience', fakeTokens(() => ({ user, audiences: ['b'] })), ['a']],
  ])('throws the error of the SDK for %s', async (_, tokens, audiences) => {
    const verifier = mcpTokenVerifier(tokens, { invalidToken, ...(audiences !== undefined && { audiences }) })
    const error = await thrownBy(() => verifier.verifyAccessToken('t'))
    expect(error).toBeInstanceOf(InvalidTokenError)
    expect(error).toMatchObject({ message: 'Unauthorized' })
  })

  it.each([
    ['none, where none are wanted', undefined, undefined],
    ['any, where none are wanted', ['b'], undefined],
    ['one of those that are wanted', ['b', 'a'], ['a', 'c']],
    ['none that its authenticator names', undefined, ['a']],
  ])('accepts a token for these audiences: %s', async (_, of, audiences) => {
    const tokens = fakeTokens(() => ({ user, ...(of !== undefined && { audiences: of }) }))
    const verifier = mcpTokenVerifier(tokens, { invalidToken, ...(audiences !== undefined && { audiences }) })
    expect(await verifier.verifyAccessToken('t')).toMatchObject({ clientId: 'cli' })
  })

  it.each([[undefined], [['a', 'b']]])('asks for a token for the audiences %j', async (audiences) => {
    const asked: unknown[] = []
    const tokens: TokenAuthenticator = {
      name: 'asked',
      authenticateToken(_, context) {
        asked.push(context.audiences)
        return { user }
      },
    }
    const verifier = mcpTokenVerifier(tokens, { invalidToken, ...(audiences !== undefined && { audiences }) })
    await verifier.verifyAccessToken('t')
    expect(asked).toEqual([audiences])
  })

  it('accepts a token that is bound to a certificate for a request with it, and to no other', async () => {
    const certificate = new TextEncoder().encode('a certificate')
    const digest = await crypto.subtle.digest('SHA-256', certificate)
    const thumbprint = Buffer.from(digest).toString('base64url')
    const bound: TokenAuthenticator = {
      name: 'bound',
      async authenticateToken(_, context) {
        if ((await context.holdsCertificate?.(thumbprint)) !== true) throw rejected('it is bound')
        return { user }
      },
    }
    const requestOf = (...certificates: readonly Uint8Array[]) =>
      fetchRequest(new Request('https://api.example.com'), { peerCertificates: () => certificates })
    const accepted = mcpTokenVerifier(bound, { invalidToken, request: () => requestOf(certificate) })
    expect(await accepted.verifyAccessToken('t')).toMatchObject({ clientId: 'cli' })
    for (const request of [
      undefined,
      () => undefined,
      () => requestOf(),
      () => requestOf(new Uint8Array(1)),
    ]) {
      const verifier = mcpTokenVerifier(bound, { invalidToken, ...(request !== undefined && { request }) })
      expect(await thrownBy(() => verifier.verifyAccessToken('t'))).toBeInstanceOf(InvalidTokenError)
    }
  })

  it('does not call an outage a wrong token', async () => {
    const verifier = mcpTokenVerifier(fakeTokens(fails(unavailable('down'))), { invalidToken })
    expect(await thrownBy(() => verifier.verifyAccessToken('t'))).toMatchObject({ code: 'unavailable' })
  })
})
