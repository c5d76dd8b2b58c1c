import {
  connect,
  createSecureServer,
  createServer,
  Http2ServerRequest,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { authenticateRequest, impersonateRequest, incomingMessageRequest } from '@kube-authn/core/adapter'
import { authenticatorChain, ConfigurationError } from '@kube-authn/core'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { COMPLETE_FIELDS } from '@kube-authn/core/internal'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { tokenFile } from '@kube-authn/core/token-file'
import { createPki } from '@kube-authn/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { http2ServerOptions, type Http2ServerOptions } from './http2-server-options.ts'
import { tlsServerOptions } from './tls-server-options.ts'

const pki = await createPki()
const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['localhost'] })

const authenticate = authenticateRequest(
  authenticatorChain({
    tokens: [tokenFile('deputy,deputy,1,system:masters')],
    requestHeader: requestHeader({
      trusts: ({ headers }) => headers.first('x-secret') === 's',
      usernameHeaders: ['X-Remote-User'],
      groupHeaders: ['X-Remote-Group'],
    }),
    anonymous: true,
  }),
  { impersonationHeaders: 'later' },
)
const impersonate = impersonateRequest(alwaysAllow())

/** The user of a request, or the status of its refusal. */
async function decide(message: Http2ServerRequest): Promise<string | number> {
  const request = incomingMessageRequest(message)
  const known = await authenticate(request)
  if ('failure' in known) return known.failure.status
  const acting = await impersonate(request, known.authentication.user)
  return 'failure' in acting ? acting.failure.status : (acting.user?.username ?? '')
}

/** The outcome of each request, all sent to one server. */
async function decisions(
  options: Http2ServerOptions & { readonly cert?: string },
  ...requests: readonly OutgoingHttpHeaders[]
): Promise<readonly (string | number)[]> {
  const isSecure = options.cert !== undefined
  const server = isSecure ? createSecureServer(options) : createServer(options)
  const decided: Promise<string | number>[] = []
  server.on('request', (message: Http2ServerRequest, response: { end(): void }) => {
    decided.push(decide(message))
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const session = connect(`${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`, { rejectUnauthorized: false })
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  for (const headers of requests) {
    const stream = session.request({ ':path': '/', ...headers })
    await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject).resume())
  }
  return Promise.all(decided)
}

const deputy = { authorization: 'Bearer deputy' }
const wish = { ...deputy, 'impersonate-user': 'jane' }
const proxied = { 'x-secret': 's', 'x-remote-user': 'jane', 'x-remote-group': 'a' }
const usual = [deputy, wish, proxied, {}, { authorization: 'Bearer wrong' }]

/** Whether this Node exposes fields with leading or trailing white space. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const showsBlanks = major > 24 || (major === 24 && minor >= 2) || (major === 22 && minor >= 17)

afterEach(() => void vi.unstubAllGlobals())

describe('an HTTP/2 server', () => {
  it.each<readonly [string, Http2ServerOptions]>([
    ['Node’s own options', {}],
    ['own options like those', { strictFieldWhitespaceValidation: false }],
  ])('with %s has no deputies, proxies and anonymous requests', async (_, options) => {
    expect(await decisions(options, ...usual)).toEqual([505, 505, 401, 401, 401])
  })

  it.each<readonly [string, Http2ServerOptions]>([
    ['http2ServerOptions', http2ServerOptions({ cleanHttp2Fields: true })],
    ['tlsServerOptions', tlsServerOptions({ cert, key, cleanHttp2Fields: true })],
  ])('whose operator says that fields are clean has all of them: %s', async (_, options) => {
    expect(await decisions({ ...options }, ...usual)).toEqual([
      'deputy',
      'jane',
      'jane',
      'system:anonymous',
      401,
    ])
  })

  it.each<readonly [string, Http2ServerOptions]>([
    ['http2ServerOptions', http2ServerOptions()],
    ['tlsServerOptions', tlsServerOptions({ cert, key })],
  ])('with %s has them where Node shows blanks', async (_, options) => {
    expect(await decisions({ ...options }, ...usual)).toEqual(
      showsBlanks ? ['deputy', 'jane', 'jane', 'system:anonymous', 401] : [505, 505, 401, 401, 401],
    )
  })

  it.each(['jane ', '\tjane', ' jane\t', ' '])('never takes a deputy for itself: %j', async (name) => {
    const requests = [
      { ...deputy, 'impersonate-user': name },
      { 'x-secret': 's', 'x-remote-user': name, ...deputy },
      { authorization: `Bearer wrong ` },
    ]
    const [asked, proxy, anonymous] = await decisions(http2ServerOptions(), ...requests)
    expect(asked).toBe(showsBlanks ? name : 505)
    expect(proxy).toBe(showsBlanks ? name : 401)
    expect(anonymous).toBe(401)
  })
})

describe('http2ServerOptions', () => {
  it('hands on all options, and extends the class of requests that is given', () => {
    class Special extends Http2ServerRequest {}
    const options = http2ServerOptions({
      Http2ServerRequest: Special,
      maxSettings: 5,
      cleanHttp2Fields: true,
    })
    expect(options).toMatchObject({ maxSettings: 5, strictFieldWhitespaceValidation: false })
    expect(options.Http2ServerRequest.prototype).toBeInstanceOf(Special)
  })

  it.each([
    ['Bun', 'Bun'],
    ['Deno', 'Deno'],
  ])('does not know what %s does with such fields', async (_, runtime) => {
    vi.stubGlobal(runtime, {})
    expect(await decisions(http2ServerOptions(), wish)).toEqual([505])
    expect(await decisions(http2ServerOptions({ cleanHttp2Fields: true }), wish)).toEqual(['jane'])
  })

  it.each([
    ['20.19.0', false],
    ['22.16.0', false],
    ['22.17.0', true],
    ['23.11.0', false],
    ['24.1.0', false],
    ['24.2.0', true],
    ['25.0.0', true],
    ['26.10.0', true],
  ])('counts on Node %s: %j', async (node, isComplete) => {
    vi.stubGlobal('process', { ...process, versions: { node } })
    const { Http2ServerRequest: Requests } = http2ServerOptions()
    vi.unstubAllGlobals()
    expect(await markOf(Requests)).toBe(isComplete)
  })

  it.each([
    ['cleanHttp2Fields', 'true'],
    ['cleanHttp2Fields', 1],
    ['cleanHttp2Fields', null],
    ['strictFieldWhitespaceValidation', true],
    ['strictFieldWhitespaceValidation', 0],
  ])('refuses %s: %j', (name, value) => {
    expect(() => http2ServerOptions({ [name]: value })).toThrow(ConfigurationError)
    expect(() => http2ServerOptions({ [name]: value })).toThrow(name)
  })

  it.each([
    ['null', null],
    ['a list', []],
    ['a string', 'verysecret'],
    ['a promise', Promise.resolve({})],
  ])('refuses %s for options', (_, options) => {
    const make = (): unknown => http2ServerOptions(options as Http2ServerOptions)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(/^options: (?:must be an object(?:, not null)?|is a promise; await it first)$/)
  })
})

/** The mark of requests of this class. */
async function markOf(requests: typeof Http2ServerRequest): Promise<unknown> {
  const server = createServer({ Http2ServerRequest: requests })
  const mark = new Promise((resolve) => {
    server.on('request', (message, response) => {
      resolve(Reflect.get(message, COMPLETE_FIELDS))
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  session.request({ ':path': '/' }).on('error', () => undefined)
  return mark
}
