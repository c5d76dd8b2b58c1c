import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { jane } from '../../test/fakes.ts'
import type { Authenticator, TokenAuthenticator } from './authenticator.ts'
import { requireCertificate } from './bound-certificate.ts'
import { certificateHeaders } from '../request/certificate-headers/certificate-headers.ts'
import { cloudflareCertificates } from '../request/certificate-headers/cloudflare-certificates.ts'
import type { Context } from './context.ts'
import { authenticatorChain } from '../chain/chain.ts'
import { unavailable } from './errors.ts'
import { explain } from '../adapter/explain/explain.ts'
import { authenticateRequest } from '../handler/authenticate-request.ts'
import { exactHeaders } from '../request/headers/exact.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { cached } from '../token/cache/cached.ts'
import { StatusError } from './status.ts'

const der = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([0x30, text.length, ...Buffer.from(text)])
const thumbprintOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url')

const hers = der('hers')
const another = der('another')
const proxys = der('proxys')

/** Every token is jane's, for who holds her certificate. */
const tokens: TokenAuthenticator = {
  name: 'bound',
  async authenticateToken(_, context) {
    await requireCertificate(context, thumbprintOf(hers))
    return { user: jane }
  },
}

interface Sent {
  readonly certificates?: readonly Uint8Array[]
  readonly headers?: readonly string[]
  readonly tlsClientAuth?: unknown
}

function request({ certificates, headers = [], tlsClientAuth }: Sent = {}): AuthenticationRequest {
  return {
    method: 'GET',
    path: '/',
    query: '',
    headers: exactHeaders(['authorization', 'Bearer token', ...headers]),
    ...(certificates !== undefined && { peerCertificates: () => certificates }),
    tlsClientAuth: () => tlsClientAuth,
  }
}

async function outcomeOf(authenticator: Authenticator, asked: AuthenticationRequest): Promise<unknown> {
  const outcome = await authenticateRequest(authenticator)(asked)
  return 'failure' in outcome ? outcome.failure.status : outcome.authentication.user.username
}

const chains = [
  ['a chain', authenticatorChain({ tokens: [tokens] })],
  ['a chain with a cache', authenticatorChain({ tokens: [cached(tokens)] })],
] as const

describe.each(chains)('a token that is bound to a certificate, in %s', (_, chain) => {
  it.each<[string, AuthenticationRequest, unknown]>([
    ['that certificate', request({ certificates: [hers] }), 'jane'],
    ['that certificate and the one that signed it', request({ certificates: [hers, another] }), 'jane'],
    ['another certificate', request({ certificates: [another] }), 401],
    ['that certificate behind another', request({ certificates: [another, hers] }), 401],
    ['no certificate', request({ certificates: [] }), 401],
    ['no TLS that is known of', request(), 401],
    ['that certificate in a header', request({ headers: ['client-cert', field(hers)] }), 401],
    ['what Cloudflare tells, where that does not count', request({ tlsClientAuth: told(hers) }), 401],
  ])('counts as it should over a connection with %s', async (_name, asked, expected) => {
    expect(await outcomeOf(chain, asked)).toBe(expected)
    const { outcome } = await explain(chain, asked)
    expect(outcome).toBe(expected === 401 ? 'rejected' : 'authenticated')
  })

  it.each<[string, AuthenticationRequest, unknown]>([
    ['the proxy shows it', fromProxy('client-cert', field(hers)), 'jane'],
    ['the proxy shows another', fromProxy('client-cert', field(another)), 401],
    ['the proxy shows none', fromProxy(), 401],
    [
      'another client presents it',
      request({ certificates: [another], headers: ['client-cert', field(hers)] }),
      401,
    ],
    ['a client connects with the certificate', request({ certificates: [hers] }), 401],
  ])('counts behind a proxy that ends TLS only when %s', async (_name, asked, expected) => {
    const trusts = (seen: AuthenticationRequest): boolean => seen.peerCertificates?.()[0] === proxys
    expect(await outcomeOf(certificateHeaders({ format: 'client-cert', trusts }, chain), asked)).toBe(
      expected,
    )
  })

  it.each<[string, unknown, unknown]>([
    ['it', told(hers), 'jane'],
    ['another', told(another), 401],
    ['it, and did not verify it', { ...told(hers), certVerified: 'FAILED' }, 401],
    ['it, and that it is revoked', { ...told(hers), certRevoked: '1' }, 401],
    ['none', { certPresented: '0' }, 401],
    ['nothing', undefined, 401],
  ])('counts on Cloudflare only when it tells %s', async (_name, tlsClientAuth, expected) => {
    const asked = request({ certificates: [hers], tlsClientAuth })
    expect(await outcomeOf(cloudflareCertificates(chain), asked)).toBe(expected)
  })

  it('is an outage when the connection is gone', async () => {
    const asked: AuthenticationRequest = {
      ...request(),
      peerCertificates() {
        throw unavailable('the connection is gone')
      },
    }
    const authenticate = authenticateRequest(chain, { unavailableStatus: 503 })
    expect(await authenticate(asked)).toMatchObject({ failure: { status: 503 } })
  })
})

it('is not looked for where no token is bound', async () => {
  const plain: TokenAuthenticator = { name: 'plain', authenticateToken: () => ({ user: jane }) }
  const asked: AuthenticationRequest = {
    ...request(),
    peerCertificates() {
      throw new Error('must not be called')
    },
  }
  expect(await outcomeOf(authenticatorChain({ tokens: [cached(plain)] }), asked)).toBe('jane')
})

describe.each([
  ['certificateHeaders', (delegate: Authenticator) => certificateHeaders(FROM_ALL, delegate)],
  ['cloudflareCertificates', cloudflareCertificates],
])('%s', (_, around) => {
  it('shows the delegate everything of request and context but for the certificates', async () => {
    const said: string[] = []
    const context: Required<Context> = {
      audiences: ['api'],
      trustedOrigins: ['https://a.example'],
      signal: new AbortController().signal,
      remoteAddress: '192.0.2.1',
      observer: () => {},
      warn: (text) => said.push(text),
      annotate: (key) => said.push(key),
      holdsCertificate: () => true,
      provesKey: (thumbprint) => thumbprint === 'key',
      isDryRun: true,
    }
    const whole: Required<AuthenticationRequest> = {
      method: 'POST',
      path: '/a',
      query: 'b',
      headers: exactHeaders(['X-A', '1']),
      refusal: new StatusError({ status: 431, reason: '', message: '' }),
      httpVersionMajor: 2,
      peerCertificates: () => [hers],
      requestsCertificate: () => true,
      remoteAddress: () => '192.0.2.1',
      clientAddress: () => '192.0.2.2',
      host: () => 'app.example.com',
      tlsClientAuth: () => ({ certPresented: '0' }),
    }
    const delegate: Authenticator = {
      name: 'delegate',
      authenticate(seen, given) {
        given.warn?.('warning')
        given.annotate?.('annotation', '')
        const { method, path, query, headers, httpVersionMajor } = seen
        expect({ method, path, query, headers, httpVersionMajor }).toEqual({
          method: 'POST',
          path: '/a',
          query: 'b',
          headers: whole.headers,
          httpVersionMajor: 2,
        })
        expect(seen.refusal).toBe(whole.refusal)
        expect(given.trustedOrigins).toBe(context.trustedOrigins)
        expect([seen.remoteAddress?.(), seen.host?.(), seen.tlsClientAuth?.()]).toEqual([
          '192.0.2.1',
          'app.example.com',
          { certPresented: '0' },
        ])
        expect(seen.requestsCertificate?.()).toBe(true)
        expect(seen.peerCertificates?.()).toEqual([])
        expect(given.holdsCertificate?.(thumbprintOf(hers))).toBe(false)
        expect([given.provesKey?.('key'), given.provesKey?.('other'), given.isDryRun]).toEqual([
          true,
          false,
          true,
        ])
        const { audiences, signal, remoteAddress, observer } = given
        expect([audiences, signal, remoteAddress, observer]).toEqual([
          context.audiences,
          context.signal,
          context.remoteAddress,
          context.observer,
        ])
        return undefined
      },
    }
    await around(delegate).authenticate(whole, context)
    expect(said).toEqual(['warning', 'annotation'])
  })

  it('has the audiences of the chain in it', async () => {
    const aware: TokenAuthenticator = {
      name: 'aware',
      audienceAware: true,
      authenticateToken: (_token, { audiences, annotate, warn }) => {
        expect([typeof annotate, typeof warn]).toEqual(['function', 'function'])
        return { user: jane, audiences: audiences ?? ['none'] }
      },
    }
    const chain = around(authenticatorChain({ tokens: [aware], audiences: ['api'] }))
    expect(chain.audiences).toEqual(['api'])
    expect(await authenticateRequest(chain)(request())).toMatchObject({
      authentication: { audiences: ['api'] },
    })
  })
})

const FROM_ALL = { format: 'client-cert', trusts: () => true } as const

function field(bytes: Uint8Array): string {
  return `:${Buffer.from(bytes).toString('base64')}:`
}

function fromProxy(...headers: readonly string[]): AuthenticationRequest {
  return request({ certificates: [proxys], headers })
}

function told(certificate: Uint8Array): object {
  return { certPresented: '1', certVerified: 'SUCCESS', certRevoked: '0', certRFC9440: field(certificate) }
}
