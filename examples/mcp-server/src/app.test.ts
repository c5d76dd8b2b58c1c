import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { oidc } from '@kube-authn/core/oidc'
import { introspection } from '@kube-authn/resource-server'
import type { TokenAuthenticator } from '@kube-authn/core'
import { createFetch } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createApp } from './app.ts'

// oidc-provider warns that it is for development.
vi.hoisted(() => vi.spyOn(console, 'warn').mockImplementation(() => undefined))

const RESOURCE_PATH = '/mcp'
const CLIENT = { client_id: 'agent', client_secret: 'secret-of-agent' }
const API = { client_id: 'api', client_secret: 'secret-of-api' }

const pki = await createPki()
const servers: Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})

/** An HTTPS server whose handler is made once its address is known. */
async function serve(handlerAt: (origin: string) => RequestListener): Promise<string> {
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['localhost'] })
  const server = createServer({ cert: chainPem, key: privateKeyPem })
  servers.push(server)
  await once(server.listen(0, 'localhost'), 'listening')
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`
  server.on('request', handlerAt(origin))
  return origin
}

/** The authorization server: it issues tokens for every resource, in the format of the test. */
function providerOf(format: 'jwt' | 'opaque'): (issuer: string) => RequestListener {
  return (issuer) => {
    const provider = new Provider(issuer, {
      clients: [
        {
          ...CLIENT,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          scope: 'tools other',
        },
        { ...API, grant_types: [], redirect_uris: [], response_types: [] },
      ],
      scopes: ['tools', 'other'],
      ttl: { ClientCredentials: 600 },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        introspection: { enabled: true, allowedPolicy: () => true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_ctx, resource) => ({
            scope: 'tools other',
            audience: resource,
            accessTokenFormat: format,
            ...(format === 'jwt' && { jwt: { sign: { alg: 'RS256' } } }),
          }),
        },
      },
    })
    const answer = provider.callback()
    return (req, res) => void answer(req, res)
  }
}

describe.each(['jwt', 'opaque'] as const)('an MCP server whose tokens are %s', (format) => {
  const fetch = createFetch({ ca: pki.caPem })
  let issuer = ''
  let resource = ''

  beforeAll(async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    issuer = await serve(providerOf(format))
    const origin = await serve((own) => {
      const app = createApp({ resource: `${own}${RESOURCE_PATH}`, issuer, tokens: tokensFor(own) })
      return (req, res) => void app(req, res)
    })
    resource = `${origin}${RESOURCE_PATH}`
  })

  function tokensFor(own: string): TokenAuthenticator {
    const audience = `${own}${RESOURCE_PATH}`
    if (format === 'jwt') return oidc({ issuer, audience, accessTokens: true, fetch })
    return introspection({
      url: `${issuer}/token/introspection`,
      issuer,
      audience,
      clientId: API.client_id,
      clientSecret: API.client_secret,
      // This server issues tokens to clients, not to users.
      usernameClaim: 'client_id',
      fetch,
    })
  }

  /** What the SDK's client does with a URL and the credentials of a client. */
  async function connect(scope: string): Promise<Client> {
    const client = new Client({ name: 'test', version: '1.0.0' })
    const authProvider = new ClientCredentialsProvider({
      clientId: CLIENT.client_id,
      clientSecret: CLIENT.client_secret,
      expectedIssuer: issuer,
      scope,
    })
    const transport = new StreamableHTTPClientTransport(new URL(resource), {
      authProvider,
      fetch: globalFetch,
    })
    await client.connect(transport)
    return client
  }

  const globalFetch = (url: string | URL, init?: RequestInit): Promise<Response> =>
    fetch(String(url), init as never)

  it('lets a client in that finds the authorization server by the challenge', async () => {
    const client = await connect('tools')
    const { content } = await client.callTool({ name: 'whoami' })
    expect(content).toEqual([{ type: 'text', text: `${issuer}#agent, by the client agent` }])
    await client.close()
  })

  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
  ])('refuses %s, and says where to get one', async (_, headers) => {
    const response = await globalFetch(resource, { method: 'POST', headers, body: '{}' })
    expect(response.status).toBe(401)
    const metadataUrl = new URL('/.well-known/oauth-protected-resource/mcp', resource).href
    const challenge = response.headers.get('www-authenticate')
    expect(challenge).toContain('Bearer error="invalid_token"')
    expect(challenge).toContain(`scope="tools", resource_metadata="${metadataUrl}"`)
    expect(await (await globalFetch(metadataUrl)).json()).toEqual({
      resource,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['tools'],
    })
  })

  it('refuses a token with too few scopes, and one for another resource', async () => {
    for (const [scope, audience, status] of [
      ['tools', resource, 406],
      ['other', resource, 403],
      ['tools', 'https://other.example.com', 401],
    ] as const) {
      const answer = await globalFetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${btoa(`${CLIENT.client_id}:${CLIENT.client_secret}`)}`,
        },
        body: String(new URLSearchParams({ grant_type: 'client_credentials', scope, resource: audience })),
      })
      const { access_token: token } = (await answer.json()) as { access_token: string }
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const response = await globalFetch(resource, { method: 'POST', headers, body: '{}' })
      expect(response.status).toBe(status)
      await response.body?.cancel()
    }
  })
})
