import { describe, expect, it } from 'vitest'
import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { AuthenticationError, ConfigurationError } from '../../authenticator/errors.ts'
import { fetchRequest } from '../fetch-request.ts'
import type { AuthenticationRequest } from '../request.ts'
import { cloudflareCertificates } from './cloudflare-certificates.ts'
import { cloudflareClientCertificate } from './cloudflare-client-certificate.ts'

const verified = { certPresented: '1', certVerified: 'SUCCESS', certRevoked: '0' }
const none = {
  certPresented: '0',
  certVerified: 'NONE',
  certRevoked: '0',
  certSubjectDN: '',
  certRFC9440: '',
}

/** As Cloudflare's runtime makes it. */
function request(tlsClientAuth: unknown, cf: unknown = { tlsClientAuth }): AuthenticationRequest {
  return fetchRequest(Object.assign(new Request('https://example.com/'), { cf }))
}

async function authenticate(asked: AuthenticationRequest): Promise<Authentication | undefined> {
  return cloudflareClientCertificate().authenticate(asked, emptyContext)
}

const notToBeBelieved: readonly [string, object][] = [
  ['a certificate that was not verified', { ...verified, certVerified: 'FAILED:certificate has expired' }],
  ['a certificate of which nothing was verified', { ...verified, certVerified: 'NONE' }],
  ['a verification that is not the text', { ...verified, certVerified: true }],
  ['a verification that was left out', { certPresented: '1', certRevoked: '0' }],
  ['a revoked certificate, which is verified all the same', { ...verified, certRevoked: '1' }],
  ['a revocation that is not the text', { ...verified, certRevoked: false }],
  ['a revocation that was left out', { certPresented: '1', certVerified: 'SUCCESS' }],
]

const nothingPresented: readonly [string, AuthenticationRequest][] = [
  ['no certificate', request(none)],
  ['a presence that is not the text', request({ ...verified, certPresented: 1, certSubjectDN: 'CN=jane' })],
  ['nothing said', request(undefined)],
  ['null said', request(null)],
  ['a text said', request('SUCCESS')],
  ['no cf', request(undefined, undefined)],
  ['a cf that is null', request(undefined, null)],
  ['another runtime', fetchRequest(new Request('https://example.com/'))],
  [
    'headers that look like it',
    fetchRequest(
      new Request('https://example.com/', { headers: { cf: JSON.stringify({ tlsClientAuth: verified }) } }),
    ),
  ],
]

describe('cloudflareClientCertificate', () => {
  it.each<[string, string, string, readonly string[]]>([
    [
      'the common name and the organizations in the order of the certificate',
      'CN=jane,O=ops,O=dev',
      'jane',
      ['dev', 'ops'],
    ],
    ['the last common name of the certificate', 'CN=last,CN=first,O=a', 'last', ['a']],
    [
      'a name with spaces after commas',
      'CN=*.example.com, C=US, ST=Texas, L=Austin, O=Cloudflare',
      '*.example.com',
      ['Cloudflare'],
    ],
    ['escaped characters', 'O=a\\,b\\+c\\"\\\\,CN=\\#j\\C3\\A4ne\\ ', '#jäne ', ['a,b+c"\\']],
    ['an RDN of several attributes', 'CN=jane+O=b+O=a,OU=x', 'jane', ['a', 'b']],
    ['empty and repeated organizations', 'CN=jane,O=,O=a,O=a', 'jane', ['a', 'a', '']],
    ['attributes without a name', '1.3.6.1.4.1.57683.2=#0C036A616E,cn=jane', 'jane', []],
    [
      'names that would be something in JavaScript',
      'CN=__proto__,O=constructor',
      '__proto__',
      ['constructor'],
    ],
  ])('knows %s', async (_, certSubjectDN, username, groups) => {
    const answer = await authenticate(request({ ...verified, certSubjectDN }))
    expect(answer?.user).toMatchObject({ username, groups, uid: '' })
    const precise = await authenticate(
      request({ ...verified, certSubjectDN: 'CN=other', certSubjectDNRFC2253: certSubjectDN }),
    )
    expect(precise?.user).toEqual(answer?.user)
  })

  it('names the certificate by its digest, where that is one', async () => {
    const withDigest = (certFingerprintSHA256: unknown): AuthenticationRequest =>
      request({ ...verified, certSubjectDN: 'CN=jane', certFingerprintSHA256 })
    expect((await authenticate(withDigest('AB'.repeat(32))))?.user.extra).toEqual({
      'authentication.kubernetes.io/credential-id': [`X509SHA256=${'ab'.repeat(32)}`],
    })
    for (const digest of ['', 'ab', 'zz'.repeat(32), 5, undefined]) {
      expect((await authenticate(withDigest(digest)))?.user.extra).toEqual({})
    }
  })

  it.each(nothingPresented)('has no opinion with %s', async (_, asked) => {
    expect(await authenticate(asked)).toBeUndefined()
  })

  it.each([
    ['no common name', 'O=a'],
    ['an empty common name', 'CN=,O=a'],
    ['an empty common name as the last', 'CN=,CN=jane'],
    ['an empty subject', ''],
  ])('has no opinion with %s', async (_, certSubjectDN) => {
    expect(await authenticate(request({ ...verified, certSubjectDN }))).toBeUndefined()
  })

  it.each(notToBeBelieved)('rejects %s', async (_, told) => {
    const asking = authenticate(request({ ...told, certSubjectDN: 'CN=jane' }))
    await expect(asking).rejects.toThrow(AuthenticationError)
    await expect(asking).rejects.toMatchObject({ code: 'rejected' })
  })

  it.each([
    undefined,
    5,
    '/C=US/O=a/CN=jane',
    'CN',
    '=jane',
    'CN=jane,',
    ',CN=jane',
    'CN=jane;O=a',
    'CN="jane"',
    'CN="a,O=b"',
    'CN=a<b',
    'CN= jane',
    'CN=jane ',
    'CN=#jane',
    'CN=#0C046A616E65',
    'CN=jane,O=#0C0161',
    'CN=a\\',
    'CN=a\\x',
    'CN=\\C3',
    'CN=\\ff',
    'CN=\uD800',
    'CN=\0',
    'CN =jane',
    '1=jane',
    '1.=jane',
    'jane',
  ])('rejects the subject %j', async (certSubjectDN) => {
    const asking = authenticate(request({ ...verified, certSubjectDN }))
    await expect(asking).rejects.toMatchObject({ name: 'AuthenticationError', code: 'rejected' })
    await expect(asking).rejects.not.toThrow(/jane/)
  })
})

it('cloudflareClientCertificate rejects a subject of more than 8192 characters', async () => {
  const asking = authenticate(request({ ...verified, certSubjectDN: `CN=${'a'.repeat(8190)}` }))
  await expect(asking).rejects.toMatchObject({ code: 'rejected' })
})

describe('cloudflareCertificates', () => {
  async function shown(asked: AuthenticationRequest): Promise<readonly Uint8Array[] | undefined> {
    let certificates: readonly Uint8Array[] | undefined
    const identityHeaders = [() => ({ remove: ['x-mine'] })]
    const delegate: Authenticator = {
      name: 'delegate',
      credentials: { schemes: [], identityHeaders, peerCertificates: true },
      authenticate(seen) {
        certificates = seen.peerCertificates?.()
        return undefined
      },
    }
    const authenticator = cloudflareCertificates(delegate)
    expect(authenticator.credentials?.peerCertificates).not.toBe(true)
    expect(authenticator.credentials?.identityHeaders).toBe(identityHeaders)
    await authenticator.authenticate(asked, emptyContext)
    return certificates
  }

  const [leaf, sub] = [Uint8Array.from([0x30, 1, 1]), Uint8Array.from([0x30, 2, 2, 2])]

  it('shows the delegate the certificates that Cloudflare saw', async () => {
    expect(await shown(request({ ...verified, certRFC9440: ':MAEB:' }))).toEqual([leaf])
    expect(
      await shown(request({ ...verified, certRFC9440: ':MAEB:', certChainRFC9440: ':MAICAg==:' })),
    ).toEqual([leaf, sub])
  })

  it.each(nothingPresented)('shows the delegate no certificate with %s', async (_, asked) => {
    expect(await shown(asked)).toEqual([])
  })

  it.each<[string, object]>([
    ...notToBeBelieved.map(([what, told]): [string, object] => [what, { certRFC9440: ':MAEB:', ...told }]),
    [
      'a certificate that is too large to be told',
      { ...verified, certRFC9440: '', certRFC9440TooLarge: true },
    ],
    [
      'a chain that is too large to be told',
      { ...verified, certRFC9440: ':MAEB:', certChainRFC9440: '', certChainRFC9440TooLarge: true },
    ],
    ['a runtime that does not tell the certificate', verified],
    ['a certificate that cannot be read', { ...verified, certRFC9440: 'MAEB' }],
    ['a chain that cannot be read', { ...verified, certRFC9440: ':MAEB:', certChainRFC9440: ':MAEB:;' }],
  ])('rejects %s', async (_, told) => {
    await expect(shown(request(told))).rejects.toMatchObject({
      name: 'AuthenticationError',
      code: 'rejected',
    })
  })

  it('is not made without a delegate', () => {
    expect(() => cloudflareCertificates(undefined as never)).toThrow(ConfigurationError)
  })
})
