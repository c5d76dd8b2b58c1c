import { describe, expect, it, vi } from 'vitest'
import { AuthenticationError } from '../../authenticator/errors.ts'
import { incomingMessageRequest } from './incoming-message.ts'
import type { NodeRequest } from './node-request.ts'

interface Linked {
  raw?: Uint8Array
  fingerprint256?: string
  issuerCertificate?: Linked
}

const certificate = (name: string, issuerCertificate?: Linked, size = 0): Linked => ({
  raw: new Uint8Array([...new TextEncoder().encode(name), ...new Uint8Array(size)]),
  fingerprint256: `sha256 of ${name}`,
  ...(issuerCertificate !== undefined && { issuerCertificate }),
})

const chainOf = (...subjects: readonly string[]): Linked =>
  subjects.reduceRight<Linked | undefined>((issuer, name) => certificate(name, issuer), undefined) ?? {}

interface TlsOptions {
  readonly isResumed?: boolean
  readonly [other: string]: unknown
}

function tlsSocket(
  presented: Linked | null | (() => Linked),
  { isResumed = false, ...rest }: TlsOptions = {},
) {
  return {
    encrypted: true,
    // Must not be read: on Node 20 it is true for a resumed session without a certificate.
    get authorized(): boolean {
      throw new Error('socket.authorized was asked')
    },
    getPeerCertificate: vi.fn((detailed: boolean) => {
      expect(detailed).toBe(true)
      return typeof presented === 'function' ? presented() : presented
    }),
    isSessionReused: () => isResumed,
    ...rest,
  }
}

function http1(socket: unknown): NodeRequest {
  return { rawHeaders: [], headers: {}, httpVersionMajor: 1, socket }
}

function http2(session: object | undefined): NodeRequest {
  const stream = { session }
  return { rawHeaders: [], headers: {}, httpVersionMajor: 2, stream, socket: { encrypted: false } }
}

function names(message: NodeRequest): readonly string[] {
  const chain = incomingMessageRequest(message).peerCertificates?.() ?? []
  return chain.map((der) => new TextDecoder().decode(der))
}

const selfSigned = certificate('root')
selfSigned.issuerCertificate = selfSigned
const circle = certificate('a', certificate('b'))
circle.issuerCertificate!.issuerCertificate = circle

describe('the peer certificates of a Node request', () => {
  it.each<[string, Linked, readonly (string | undefined)[]]>([
    ['a leaf', chainOf('leaf'), ['leaf']],
    ['a leaf and its intermediates', chainOf('leaf', 'second', 'first'), ['leaf', 'second', 'first']],
    ['a chain that ends with its root', certificate('leaf', selfSigned), ['leaf', 'root']],
    ['a self-signed certificate', selfSigned, ['root']],
    [
      'certificates that issued each other, ten at most',
      circle,
      Array.from({ length: 10 }, (_, i) => 'ab'[i % 2]),
    ],
    ['ten of more', chainOf(...'0123456789abc'.split('')), '0123456789'.split('')],
  ])('are %s, as presented', (_, presented, expected) => {
    expect(names(http1(tlsSocket(presented)))).toEqual(expected)
    expect(names(http2({ socket: tlsSocket(presented) }))).toEqual(expected)
  })

  it.each<[string, unknown]>([
    ['a TLS connection without a certificate', tlsSocket({})],
    ['a resumed session without a certificate', tlsSocket({}, { isResumed: true })],
    ['a plain connection', { encrypted: undefined }],
    ['a plain connection that pretends to have some', tlsSocket(chainOf('leaf'), { encrypted: 'yes' })],
    ['a request without a socket', undefined],
    ['a request whose socket is no socket', 'socket'],
  ])('are none with %s', (_, socket) => {
    expect(names(http1(socket))).toEqual([])
  })

  it.each<[string, NodeRequest]>([
    ['the connection is gone', http1(tlsSocket(null))],
    ['the runtime does not tell', http1({ encrypted: true })],
    ['the socket throws', http1(tlsSocket(() => expectNever()))],
    ['the HTTP/2 stream has no session any more', http2(undefined)],
    ['the HTTP/2 session has no socket any more', http2({})],
    [
      'the HTTP/2 session throws for its socket',
      http2({
        get socket() {
          return expectNever()
        },
      }),
    ],
  ])('are an error, and not none, when %s', (_, message) => {
    const read = (): unknown => incomingMessageRequest(message).peerCertificates?.()
    expect(read).toThrow(AuthenticationError)
    expect(read).toThrow(expect.objectContaining({ code: 'unavailable' }))
  })

  it('are read when asked for, and once for each connection', () => {
    const socket = tlsSocket(chainOf('leaf', 'sub'))
    const [first, second] = [incomingMessageRequest(http1(socket)), incomingMessageRequest(http1(socket))]
    expect(socket.getPeerCertificate).not.toHaveBeenCalled()
    expect(first.peerCertificates?.()).toBe(second.peerCertificates?.())
    expect(socket.getPeerCertificate).toHaveBeenCalledOnce()

    const inHttp2 = tlsSocket(chainOf('leaf', 'sub'))
    // As in Node, every look at the socket is a look at another object.
    const session = {
      get socket() {
        return Object.create(inHttp2) as object
      },
    }
    const chains = [http2(session), http2(session)].map((message) =>
      incomingMessageRequest(message).peerCertificates?.(),
    )
    expect(chains[0]).toBe(chains[1])
    expect(inHttp2.getPeerCertificate).toHaveBeenCalledOnce()
  })

  it('cannot be changed through the socket or the list afterwards', () => {
    const presented = chainOf('leaf')
    const chain = incomingMessageRequest(http1(tlsSocket(presented))).peerCertificates?.() ?? []
    presented.raw?.fill(0)
    expect(new TextDecoder().decode(chain[0])).toBe('leaf')
    expect(Object.isFrozen(chain)).toBe(true)
  })

  describe('of a resumed session, which has the leaf only', () => {
    const resumed = (leaf: string): readonly string[] =>
      names(http1(tlsSocket(chainOf(leaf), { isResumed: true })))

    it('are those of the full handshake', () => {
      names(http1(tlsSocket(chainOf('jane', 'sub', 'root'))))
      expect(resumed('jane')).toEqual(['jane', 'sub', 'root'])
    })

    it('are the leaf alone when the full handshake was never seen', () => {
      expect(resumed('never seen')).toEqual(['never seen'])
    })

    it('are never those of another leaf', () => {
      names(http1(tlsSocket(chainOf('joe', 'sub of joe'))))
      expect(resumed('jim')).toEqual(['jim'])
    })

    it('are those of the last full handshake', () => {
      names(http1(tlsSocket(chainOf('jo', 'old'))))
      names(http1(tlsSocket(chainOf('jo', 'new'))))
      expect(resumed('jo')).toEqual(['jo', 'new'])
      names(http1(tlsSocket(chainOf('jo'))))
      expect(resumed('jo')).toEqual(['jo'])
    })

    it('are not remembered by a full handshake with the leaf alone', () => {
      names(http1(tlsSocket(chainOf('jack', 'sub'))))
      expect(names(http1(tlsSocket(chainOf('jack'))))).toEqual(['jack'])
    })

    it('are not kept when they are large, nor for more than a thousand clients', () => {
      names(http1(tlsSocket(certificate('large', certificate('sub', undefined, 16_384)))))
      expect(resumed('large')).toEqual(['large'])

      const each = (index: number): string => `client ${index}`
      for (let index = 0; index < 1000; index++) names(http1(tlsSocket(chainOf(each(index), 'sub'))))
      expect(resumed(each(0))).toEqual([each(0), 'sub'])
      names(http1(tlsSocket(chainOf('one more', 'sub'))))
      expect(resumed(each(0))).toEqual([each(0), 'sub'])
      expect(resumed(each(1))).toEqual([each(1)])
    })

    it('are the leaf alone where the runtime names no fingerprint', () => {
      const { raw } = certificate('nameless')
      const presented: Linked = { raw: raw!, issuerCertificate: certificate('sub') }
      expect(names(http1(tlsSocket(presented)))).toEqual(['nameless', 'sub'])
      expect(names(http1(tlsSocket({ raw: raw! }, { isResumed: true })))).toEqual(['nameless'])
    })
  })
})

function expectNever(): never {
  throw new Error('ERR_HTTP2_SOCKET_UNBOUND')
}

describe('whether a server asks its peers for a certificate', () => {
  const broken = new Proxy(
    {},
    {
      get() {
        throw new Error('there is no socket behind the session any more')
      },
    },
  )
  it.each([
    ['no TLS', http1({}), false],
    ['no socket', http1(undefined), undefined],
    ['TLS, and it asks', http1(tlsSocket(null, { server: { requestCert: true } })), true],
    ['TLS, and it does not ask', http1(tlsSocket(null, { server: { requestCert: false } })), false],
    ['TLS on a runtime that does not tell', http1(tlsSocket(null, { server: {} })), undefined],
    ['TLS without a server', http1(tlsSocket(null)), undefined],
    ['HTTP/2 that asks', http2({ socket: tlsSocket(null, { server: { requestCert: true } }) }), true],
    ['HTTP/2 without TLS', http2({ socket: {} }), false],
    ['HTTP/2 whose connection is gone', http2({ socket: broken }), undefined],
    ['HTTP/2 without a session', http2(undefined), undefined],
  ])('is told by what Node has: %s', (_, message, expected) => {
    expect(incomingMessageRequest(message).requestsCertificate?.()).toBe(expected)
  })
})
