import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { hopByHop } from './hop-by-hop.ts'
import { identifies, isImpersonation } from './identity-headers.ts'
import { passedHeaders, responseHeaders, setHeaders } from './response-headers.ts'
import { requestTrailers, withoutToken } from './request-headers.ts'

describe('hopByHop', () => {
  it.each(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'])(
    '%s ends at this connection',
    (name) => {
      expect(hopByHop([])(name)).toBe(true)
    },
  )

  it('what Connection lists does, in every line and any case', () => {
    const isHopByHop = hopByHop([
      'Connection',
      'close, X-One',
      'connection',
      ' x-two ,,',
      'Proxy-Connection',
      'X-Three',
    ])
    expect(['x-one', 'x-two', 'x-three', 'x-four', 'accept', '__proto__'].map(isHopByHop)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

describe('identifies', () => {
  it.each([
    'authorization',
    'cookie',
    'proxy-authorization',
    'x-remote-user',
    'x-remote-extra-scopes',
    'x_remote_group',
    'impersonate-user',
    'impersonate_extra_a',
    'x-forwarded-for',
    'x-forwarded-user',
    'x-forwarded-client-cert',
    'forwarded',
    'client-cert',
    'client_cert',
    'ssl-client-subject-dn',
    'x-auth-token',
    'x-auth-request-email',
    'remote-user',
  ])('%s does', (name) => {
    expect(identifies()(name)).toBe(true)
  })

  it.each([
    'accept',
    'user-agent',
    'content-type',
    'x-request-id',
    'range',
    'if-match',
    'sec-websocket-key',
    '__proto__',
  ])('%s does not', (name) => {
    expect(identifies()(name)).toBe(false)
  })

  it('adds names and prefixes', () => {
    const isIdentity = identifies(['X-Tenant', 'My_User*', 'q'])
    expect(
      ['x-tenant', 'x_tenant', 'x-tenants', 'my-user', 'my-user-name', 'my-use', 'q', 'cookie'].map(
        isIdentity,
      ),
    ).toEqual([true, true, false, true, true, false, true, true])
  })

  it('knows headers of impersonation with both spellings', () => {
    expect(
      ['impersonate-user', 'impersonate_user', 'impersonate-', 'impersonate', 'x-impersonate-user'].map(
        isImpersonation,
      ),
    ).toEqual([true, true, true, false, false])
  })
})

describe('withoutToken', () => {
  const token = 'base64url.bearer.authorization.k8s.io.c2VjcmV0'
  it.each([
    ['v5.channel.k8s.io', 'v5.channel.k8s.io'],
    [`${token}, v5.channel.k8s.io`, 'v5.channel.k8s.io'],
    [`a,${token},b,${token}`, 'a, b'],
    [`BASE64URL.${token.slice(10)}, a`, 'a'],
    [token, undefined],
    [`${token},, `, undefined],
  ])('of %s leaves %s', (value, expected) => {
    expect(withoutToken(value)).toBe(expected)
  })
})

describe('requestTrailers', () => {
  it('drops those of identity, routing and framing', () => {
    const raw = [
      'X-Sum',
      '1',
      'Impersonate-User',
      'root',
      'Content-Length',
      '9',
      'Host',
      'h',
      'Transfer-Encoding',
      'x',
      'X-Sum',
      '2',
    ]
    expect(requestTrailers(raw, identifies())).toEqual([
      ['X-Sum', '1'],
      ['X-Sum', '2'],
    ])
  })
})

describe('responseHeaders', () => {
  it('keeps order, spelling and repetitions', () => {
    const rawHeaders = ['Warning', '299 - "a"', 'X-A', '1', 'warning', '299 - "b"', 'ETag', '"e"']
    expect(responseHeaders({ rawHeaders }, passedHeaders())).toEqual([
      'Warning',
      '299 - "a"',
      'warning',
      '299 - "b"',
      'ETag',
      '"e"',
    ])
  })
})

describe('setHeaders', () => {
  const after = (
    ofTheApp: Readonly<Record<string, string | readonly string[]>>,
    headers: readonly string[],
    isSandboxed = false,
  ): Readonly<Record<string, unknown>> => {
    const response = new ServerResponse(new IncomingMessage(new Socket()))
    for (const [name, value] of Object.entries(ofTheApp)) response.setHeader(name, value)
    setHeaders(response, headers, isSandboxed)
    return { ...response.getHeaders() }
  }

  it.each([
    ['one value', ['X-A', '1'], '1'],
    ['several', ['X-A', '1', 'x-a', '2', 'X-a', '3'], ['1', '2', '3']],
  ])('replaces a header of the app by %s of the upstream', (_, headers, expected) => {
    expect(after({ 'x-A': ['app', 'app2'], 'X-B': 'app' }, headers)).toEqual({
      'x-a': expected,
      'x-b': 'app',
    })
    expect(after({}, headers)).toEqual({ 'x-a': expected })
  })

  it.each(['Vary', 'Warning', 'Content-Security-Policy'])('adds to %s of the app', (name) => {
    expect(after({ [name]: 'app' }, [name.toLowerCase(), '1', name, '2'])).toEqual({
      [name.toLowerCase()]: ['app', '1', '2'],
    })
  })

  it.each(['X-Frame-Options', 'X-Content-Type-Options'])('leaves %s of the app', (name) => {
    expect(after({ [name]: 'app' }, [name, '1', name, '2', 'X-A', '3'])).toEqual({
      [name.toLowerCase()]: 'app',
      'x-a': '3',
    })
    expect(after({ 'X-B': 'app' }, [name, '1'])).toEqual({ [name.toLowerCase()]: '1', 'x-b': 'app' })
  })

  it('adds the sandbox to policies of the app and of the upstream', () => {
    expect(after({}, [], true)).toEqual({ 'content-security-policy': 'sandbox' })
    expect(
      after({ 'Content-Security-Policy': 'app' }, ['CONTENT-SECURITY-POLICY', 'upstream'], true),
    ).toEqual({ 'content-security-policy': ['app', 'upstream', 'sandbox'] })
  })

  it('takes names of any object for names', () => {
    expect(after({ 'x-a': 'app' }, ['constructor', '1', 'toString', '2', 'constructor', '3'])).toEqual({
      'x-a': 'app',
      constructor: ['1', '3'],
      tostring: '2',
    })
  })
})
