import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import type { Authenticator } from '../../authenticator/authenticator.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { AuthenticationError, ConfigurationError } from '../../authenticator/errors.ts'
import { authenticateRequest } from '../../handler/authenticate-request.ts'
import { exactHeaders } from '../headers/exact.ts'
import { joinedHeaders } from '../headers/joined.ts'
import type { AuthenticationRequest } from '../request.ts'
import { userInfo } from '../../authenticator/user.ts'
import { certificateHeaders, type CertificateHeadersOptions } from './certificate-headers.ts'

/** A DER SEQUENCE with this text in it: no certificate, but all that is looked at here. */
function der(text: string, size = text.length): Uint8Array {
  const content = Buffer.alloc(size, text)
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Uint8Array.from([0x30, ...length, ...content])
}

const leaf = der('leaf1')
const first = der('first', 200)
const second = der('second', 5000)

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const field = (bytes: Uint8Array): string => `:${base64(bytes)}:`
const pem = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${base64(bytes).replaceAll(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`
const escaped = (...certificates: readonly Uint8Array[]): string =>
  encodeURIComponent(certificates.map(pem).join(''))
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const element = (bytes: Uint8Array): string => `By=spiffe://app;Hash=${hash(bytes)};Cert="${escaped(bytes)}"`

type Pairs = readonly (readonly [string, string])[]

function request(headers: Pairs, kind: 'exact' | 'joined' = 'exact'): AuthenticationRequest {
  return {
    method: 'POST',
    path: '/path',
    query: 'q=1',
    httpVersionMajor: 1,
    headers:
      kind === 'exact'
        ? exactHeaders(headers.flat())
        : joinedHeaders(new Headers(headers.map(([n, v]) => [n, v]))),
    // The proxy's own, which must never be taken for the client's.
    peerCertificates: () => [der('proxy')],
  }
}

/** What the delegate is shown; `undefined` when it is not asked. */
async function shown(
  options: CertificateHeadersOptions,
  asked: AuthenticationRequest,
): Promise<readonly Uint8Array[] | undefined> {
  let certificates: readonly Uint8Array[] | undefined
  const delegate: Authenticator = {
    name: 'delegate',
    authenticate(seen) {
      certificates = seen.peerCertificates?.()
      expect([seen.method, seen.path, seen.query, seen.httpVersionMajor]).toEqual(['POST', '/path', 'q=1', 1])
      return undefined
    },
  }
  await certificateHeaders(options, delegate).authenticate(asked, emptyContext)
  return certificates
}

const trusts = (): boolean => true
const clientCert = { format: 'client-cert', trusts } as const
const nginx = { format: 'nginx', trusts } as const
const envoy = { format: 'envoy', trusts } as const

interface Case {
  readonly what: string
  readonly options?: CertificateHeadersOptions
  readonly headers: Pairs
}

const read: readonly (Case & { readonly expected: readonly Uint8Array[] })[] = [
  { what: 'Client-Cert', headers: [['Client-Cert', field(leaf)]], expected: [leaf] },
  {
    what: 'Client-Cert with spaces around it',
    headers: [['Client-Cert', `  ${field(leaf)} `]],
    expected: [leaf],
  },
  {
    what: 'Client-Cert-Chain',
    headers: [
      ['client-cert-chain', `${field(first)},${field(second)}`],
      ['client-cert', field(leaf)],
    ],
    expected: [leaf, first, second],
  },
  {
    what: 'a Client-Cert-Chain in several headers and with white space',
    headers: [
      ['Client-Cert', field(leaf)],
      ['Client-Cert-Chain', ` ${field(first)} \t, ${field(second)} `],
      ['Client-Cert-Chain', field(first)],
    ],
    expected: [leaf, first, second, first],
  },
  {
    what: 'an empty Client-Cert-Chain',
    headers: [
      ['Client-Cert', field(leaf)],
      ['Client-Cert-Chain', ''],
    ],
    expected: [leaf],
  },
  {
    what: 'the header of nginx',
    options: nginx,
    headers: [['SSL-Client-Cert', escaped(second)]],
    expected: [second],
  },
  {
    what: 'the header of nginx by another name, with a plus sign that stayed one and lines of Windows',
    options: { ...nginx, header: 'X-SSL-Cert' },
    headers: [
      [
        'x-ssl-cert',
        escaped(Uint8Array.from([0x30, 3, 0xfb, 0xef, 0xbe]))
          .replaceAll('%2B', '+')
          .replaceAll('%0A', '%0D%0A'),
      ],
    ],
    expected: [Uint8Array.from([0x30, 3, 0xfb, 0xef, 0xbe])],
  },
  { what: 'an empty header of nginx', options: nginx, headers: [['ssl-client-cert', '']], expected: [] },
  {
    what: 'the Cert of Envoy',
    options: envoy,
    headers: [
      ['X-Forwarded-Client-Cert', `${element(leaf)};Subject="O=a\\"b,CN=x";URI=spiffe://x;DNS=a;DNS=b`],
    ],
    expected: [leaf],
  },
  {
    what: 'the Chain of Envoy',
    options: envoy,
    headers: [
      [
        'x-forwarded-client-cert',
        `hash=${hash(leaf).toUpperCase()};CHAIN="${escaped(leaf, first)}";Subject=""`,
      ],
    ],
    expected: [leaf, first],
  },
  {
    what: 'Cert and Chain of Envoy, without quotes',
    options: envoy,
    headers: [
      ['x-forwarded-client-cert', `Hash=${hash(leaf)};Cert=${escaped(leaf)};Chain=${escaped(leaf, first)}`],
    ],
    expected: [leaf, first],
  },
  {
    what: 'the first of as many elements as there are proxies',
    options: { ...envoy, proxies: 3 },
    headers: [
      ['x-forwarded-client-cert', `${element(leaf)},${element(first)}`],
      ['x-forwarded-client-cert', element(second)],
    ],
    expected: [leaf],
  },
  {
    what: 'an empty header of Envoy',
    options: envoy,
    headers: [['x-forwarded-client-cert', '']],
    expected: [],
  },
]

const attack = `${element(leaf)};URI=x,${element(second)}`
const bad: readonly (Case & { readonly error: string })[] = [
  ...[
    '',
    ':',
    '::',
    field(leaf).slice(1),
    field(leaf).slice(0, -1),
    base64(leaf),
    `"${base64(leaf)}"`,
    `${field(leaf)};a=1`,
    `${field(leaf)}, ${field(leaf)}`,
    `:${base64(leaf)} :`,
    `:${base64(leaf).replaceAll('=', '')}:`,
    `:${base64(leaf)}=:`,
    ':====:',
    ':MA=A:',
    `:${base64(leaf).replaceAll('A', '-')}-:`,
    field(leaf).replace('M', 'é'),
    `\t${field(leaf)}`,
    field(Uint8Array.from([0x31, 0])),
    field(Uint8Array.from([0x30])),
    field(Uint8Array.from([...leaf, 0])),
    field(leaf.slice(0, -1)),
    field(Uint8Array.from([0x30, 0x80, 0, 0])),
    field(Uint8Array.from([0x30, 0x81, 4, 1, 2, 3, 4])),
    field(Uint8Array.from([0x30, 0x83, 0, 0, 0])),
  ].map((value) => ({
    what: `Client-Cert: ${JSON.stringify(value)}`,
    headers: [['client-cert', value]] as Pairs,
    error: 'client-cert',
  })),
  // The last sextet has bits that do not count.
  {
    what: 'base64 that can be written otherwise',
    headers: [['client-cert', ':MAB=:']],
    error: 'not in base64',
  },
  {
    what: 'Client-Cert twice',
    headers: [
      ['client-cert', field(leaf)],
      ['client-cert', field(leaf)],
    ],
    error: 'more than once',
  },
  {
    what: 'Client-Cert-Chain alone',
    headers: [['client-cert-chain', field(leaf)]],
    error: 'without client-cert',
  },
  ...[
    ',',
    `${field(first)},`,
    `,${field(first)}`,
    `${field(first)} ${field(second)}`,
    `(${field(first)})`,
    'token',
    `x${field(first)}`,
    field(first).slice(1),
    field(first).slice(0, -1),
    ':',
    `${field(first)};q=1`,
  ].map((value) => ({
    what: `Client-Cert-Chain: ${JSON.stringify(value)}`,
    headers: [
      ['client-cert', field(leaf)],
      ['client-cert-chain', value],
    ] as Pairs,
    error: 'client-cert-chain',
  })),
  {
    what: 'a chain of eleven',
    headers: [
      ['client-cert', field(leaf)],
      ['client-cert-chain', Array.from({ length: 10 }, () => field(first)).join(',')],
    ],
    error: 'more than 10 certificates',
  },
  {
    what: 'a certificate of more than 64 KiB',
    headers: [['client-cert', field(new Uint8Array(65_537))]],
    error: 'more than 65536 bytes',
  },
  {
    what: 'a header of more than a mebibyte',
    headers: [['client-cert', 'A'.repeat(1_048_577)]],
    error: 'too long',
  },

  ...[
    'x',
    '%',
    '%2',
    '%zz',
    '%80',
    pem(leaf),
    encodeURIComponent(`x${pem(leaf)}`),
    encodeURIComponent(`${pem(leaf)}x`),
    encodeURIComponent(`${pem(leaf)}\n`),
    escaped(leaf).replace('CERTIFICATE', 'X509%20CRL'),
    escaped(leaf).replaceAll('CERTIFICATE', 'TRUSTED%20CERTIFICATE'),
    escaped(leaf).slice(0, -20),
    encodeURIComponent('-----BEGIN CERTIFICATE-----\nA: b\n\nMAA=\n-----END CERTIFICATE-----'),
    escaped(Uint8Array.from([0x31, 0])),
    escaped(leaf, first),
    encodeURIComponent('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'),
    `${escaped(leaf)},${escaped(leaf)}`,
  ].map((value) => ({
    what: `nginx: ${JSON.stringify(value)}`,
    options: nginx,
    headers: [['ssl-client-cert', value]] as Pairs,
    error: 'ssl-client-cert',
  })),
  {
    what: 'the header of nginx twice',
    options: nginx,
    headers: [
      ['ssl-client-cert', escaped(leaf)],
      ['ssl-client-cert', escaped(leaf)],
    ],
    error: 'more than once',
  },

  ...[
    'x',
    '=',
    'Cert',
    'Cert=',
    ';',
    ',',
    `${element(leaf)};`,
    `${element(leaf)},`,
    `,${element(leaf)}`,
    `;${element(leaf)}`,
    'Cert="',
    'Cert="\\"',
    'Cert="a"b',
    'Cert=a"b"',
    'Cert =a',
    `Hash=${hash(leaf)}`,
    `Hash=${hash(leaf)};Subject="CN=a"`,
    `Cert="${escaped(leaf)}"`,
    `Hash=;Cert="${escaped(leaf)}"`,
    `Hash=${hash(first)};Cert="${escaped(leaf)}"`,
    `Hash=${hash(leaf)};Hash=${hash(leaf)};Cert="${escaped(leaf)}"`,
    `${element(leaf)};Cert="${escaped(leaf)}"`,
    `${element(leaf)};cert="${escaped(leaf)}"`,
    `${element(leaf)};Chain="${escaped(first)}"`,
    `Hash=${hash(leaf)};Cert="${escaped(leaf, first)}"`,
    `${element(leaf)},${element(leaf)}`,
    attack,
  ].map((value) => ({
    what: `Envoy: ${JSON.stringify(value)}`,
    options: envoy,
    headers: [['x-forwarded-client-cert', value]] as Pairs,
    error: 'x-forwarded-client-cert',
  })),
  {
    what: 'an element that the client wrote, among those of two proxies',
    options: { ...envoy, proxies: 2 },
    headers: [['x-forwarded-client-cert', `${attack},${element(first)}`]],
    error: '3 elements instead of 2',
  },
  {
    what: 'an element too few',
    options: { ...envoy, proxies: 2 },
    headers: [['x-forwarded-client-cert', element(leaf)]],
    error: '1 elements instead of 2',
  },
]

describe('certificateHeaders', () => {
  describe.each(['exact', 'joined'] as const)('with headers that are %s', (kind) => {
    it.each(read)(
      'shows the delegate the certificates of $what',
      async ({ options = clientCert, headers, expected }) => {
        expect(await shown(options, request(headers, kind))).toEqual(expected)
      },
    )

    it.each(bad.filter(({ headers }) => headers.every(([, value]) => !/[^\0-\xff]|^\s|\n/.test(value))))(
      'rejects $what',
      async ({ options = clientCert, headers, error }) => {
        const asking = shown(options, request(headers, kind))
        await expect(asking).rejects.toThrow(AuthenticationError)
        await expect(asking).rejects.toMatchObject({ code: 'rejected' })
        if (kind === 'exact') await expect(asking).rejects.toThrow(error)
      },
    )
  })

  it('quotes nothing of what it refuses', async () => {
    for (const { options = clientCert, headers } of bad) {
      const error = await shown(options, request(headers)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(AuthenticationError)
      const { message } = error as AuthenticationError
      expect(message).toMatch(/^(?:client-cert|ssl-client-cert|x-forwarded-client-cert)/)
      expect(message.length).toBeLessThan(110)
    }
  })

  it.each<[string, CertificateHeadersOptions['trusts']]>([
    ['the request is not trusted', () => false],
    ['the request is not trusted, asynchronously', async () => false],
    ['the predicate returns what is not true', (() => 'yes') as never],
    ['the predicate returns a promise of what is not true', (async () => ({})) as never],
  ])('shows the delegate no certificate at all when %s', async (_, mistrusts) => {
    for (const { options = clientCert, headers } of [...read, ...bad]) {
      expect(await shown({ ...options, trusts: mistrusts }, request(headers))).toEqual([])
    }
  })

  it('calls trusts with the original request, and only if there is a header', async () => {
    const asked = vi.fn(async () => true)
    const sent = request([['client-cert', field(leaf)]])
    expect(await shown({ format: 'client-cert', trusts: asked }, sent)).toEqual([leaf])
    expect(asked).toHaveBeenCalledWith(sent)
    expect(await shown({ format: 'client-cert', trusts: asked }, request([]))).toEqual([])
    expect(asked).toHaveBeenCalledOnce()
  })

  it('is unavailable when trusts throws', async () => {
    const broken = certificateHeaders(
      {
        format: 'client-cert',
        trusts: () => {
          throw new Error('broken')
        },
      },
      { name: 'delegate', authenticate: () => ({ user: userInfo({ username: 'never' }) }) },
    )
    const outcome = await authenticateRequest(broken, { unavailableStatus: 503 })(
      request([['client-cert', field(leaf)]]),
    )
    expect(outcome).toMatchObject({ failure: { status: 503 } })
  })

  it.each([
    [clientCert, 'client_cert'],
    [clientCert, 'Client_Cert-Chain'],
    [clientCert, 'client-cert_chain'],
    [clientCert, 'CLIENT_CERT_CHAIN'],
    [nginx, 'ssl_client-cert'],
    [envoy, 'x_forwarded_client_cert'],
    [{ ...nginx, header: 'X-Cert' }, 'x_cert'],
  ] as const)('rejects a request with a twin of a header, trusted or not', async (options, twin) => {
    for (const isTrusted of [true, false]) {
      const asking = shown({ ...options, trusts: () => isTrusted }, request([[twin, field(leaf)]]))
      await expect(asking).rejects.toThrow('could be mistaken for a certificate header')
    }
  })

  it.each<[CertificateHeadersOptions, readonly string[]]>([
    [
      clientCert,
      [
        'client-cert',
        'client-cert-chain',
        'client_cert',
        'client-cert_chain',
        'client_cert-chain',
        'client_cert_chain',
      ],
    ],
    [{ ...nginx, header: 'X-Cert' }, ['x-cert', 'x_cert']],
    [{ ...nginx, header: 'Cert' }, ['cert']],
  ])('removes its headers and their twins, whichever authenticator accepted', async (options, removed) => {
    const authenticator = certificateHeaders(options, {
      name: 'delegate',
      authenticate: () => ({ user: userInfo({ username: 'jane' }) }),
    })
    const outcome = await authenticateRequest(authenticator)(request([]))
    const { remove } = 'headerChanges' in outcome ? outcome.headerChanges : { remove: [] }
    expect(remove).toEqual(expect.arrayContaining([...removed]))
    expect(remove.filter((name) => name.includes('cert')).toSorted()).toEqual(removed.toSorted())
  })

  it('has the schemes and the headers of its delegate, and needs certificates of TLS only where its trust does', () => {
    const changes = { remove: ['x-mine'] }
    const delegate: Authenticator = {
      name: 'delegate',
      credentials: { schemes: ['Basic'], identityHeaders: [() => changes], peerCertificates: true },
      authenticate: () => undefined,
    }
    const { credentials } = certificateHeaders(clientCert, delegate)
    expect(credentials).toMatchObject({ schemes: ['Basic'], peerCertificates: false })
    expect(credentials?.identityHeaders?.[0]?.()).toBe(changes)
    const byCertificate = Object.assign(() => true, { peerCertificates: true })
    expect(
      certificateHeaders({ ...clientCert, trusts: byCertificate }, delegate).credentials?.peerCertificates,
    ).toBe(true)
  })

  const delegate: Authenticator = { name: 'delegate', authenticate: () => undefined }
  it('takes an option of another format for left out where it is undefined', () => {
    const options = { ...clientCert, header: undefined, proxies: undefined }
    expect(() => certificateHeaders(options, delegate)).not.toThrow()
  })

  it.each([
    ['no trusts', { format: 'client-cert' }, delegate, ['trusts']],
    ['a trust that is no function', { format: 'nginx', trusts: true }, delegate, ['trusts']],
    ['no format', { trusts }, delegate, ['format']],
    ['another format', { format: 'traefik', trusts }, delegate, ['format']],
    ['a header with an underscore', { ...nginx, header: 'ssl_client_cert' }, delegate, ['header']],
    ['a header that is none', { ...nginx, header: 'a b' }, delegate, ['header']],
    ['an empty header', { ...nginx, header: '' }, delegate, ['header']],
    [
      'a header with more hyphens than can be guarded',
      { ...nginx, header: 'a-b-c-d-e-f-g' },
      delegate,
      ['header'],
    ],
    ['no proxy', { ...envoy, proxies: 0 }, delegate, ['proxies']],
    ['half a proxy', { ...envoy, proxies: 1.5 }, delegate, ['proxies']],
    ['no delegate', clientCert, undefined, ['delegate']],
    ['a header that the format has not', { ...envoy, header: 'X-Cert' }, delegate, ['header']],
    ['proxies that the format has not', { ...clientCert, proxies: 2 }, delegate, ['proxies']],
    ['nothing', {}, undefined, ['trusts', 'format', 'delegate']],
  ])('is not made with %s', (_, options, to, paths) => {
    try {
      certificateHeaders(options as CertificateHeadersOptions, to as Authenticator)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError)
      expect((error as ConfigurationError).problems.map(({ path }) => path)).toEqual(paths)
    }
  })
})
