import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  basicConstraints,
  CN,
  issue,
  issueCa,
  issueClient,
  poolOf,
  SERVER_AUTH,
  extendedKeyUsage,
  UID,
} from '../../../../x509/test/certificates.ts'
import { hex } from '../../../../x509/test/der.ts'
import { requestOf, settableClock } from '../../../test/requests.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { AuthenticationError, ConfigurationError } from '../../authenticator/errors.ts'
import type { AuthenticationEvent } from '../../authenticator/events.ts'
import type { AuthenticationRequest } from '../request.ts'
import { userInfo } from '../../authenticator/user.ts'
import type { CertificatePool } from '@kube-authn/x509'
import { clientCertificate } from './client-certificate.ts'

const ca = await issueCa({ subject: 'client-ca' })
const other = await issueCa({ subject: 'other-ca' })
const jane = await issueClient({ subject: 'jane', issuer: ca, serialNumber: '0a' })
const stranger = await issueClient({ subject: 'mallory', issuer: other })
const DAY_MS = 86_400_000

afterEach(() => {
  vi.restoreAllMocks()
})

function setUp() {
  const clock = settableClock()
  const source: { pool: CertificatePool | undefined; current(): CertificatePool | undefined } = {
    pool: poolOf(ca),
    current: () => source.pool,
  }
  const certificates = clientCertificate({ ca: source, clock })
  const ask = async (request: AuthenticationRequest) => {
    try {
      return (await certificates.authenticate(request, emptyContext))?.user.username
    } catch (error) {
      return error instanceof AuthenticationError ? error.message : error
    }
  }
  return { clock, source, certificates, ask, verify: vi.spyOn(crypto.subtle, 'verify') }
}

describe('a client certificate', () => {
  it('is no opinion where there is none', async () => {
    const { certificates, ask } = setUp()
    expect(await ask(requestOf())).toBeUndefined()
    const { peerCertificates: _, ...plain } = requestOf()
    expect(certificates.authenticate(plain, emptyContext)).toBeUndefined()
  })

  it('is no opinion while it is not known who is trusted', async () => {
    const { source, ask } = setUp()
    source.pool = undefined
    expect(await ask(requestOf([], jane))).toBeUndefined()
    expect(await ask(requestOf([], hex('00')))).toBeUndefined()
    source.pool = poolOf(ca)
    expect(await ask(requestOf([], jane))).toBe('jane')
  })

  it('has no opinion without a common name', async () => {
    const unnamed = await issueClient({ subject: [['2.5.4.10', 'x']], issuer: ca })
    expect(await setUp().ask(requestOf([], unnamed))).toBeUndefined()
  })

  it('is the user, until the first certificate of its chain ends', async () => {
    const middle = await issueCa({ subject: 'middle', issuer: ca, notAfter: '2027-01-01T00:00:00Z' })
    const leaf = await issueClient({ subject: 'bob', issuer: middle })
    const answer = await setUp().certificates.authenticate(requestOf([], leaf, middle), emptyContext)
    expect(answer).toMatchObject({
      user: { username: 'bob' },
      expiresAtMs: Date.parse('2027-01-01T00:00:00Z'),
    })
  })

  it.each([
    ['no trusted CA', async () => requestOf([], stranger), 'x509: certificate signed by unknown authority'],
    [
      'for servers',
      async () => requestOf([], await issue({ issuer: ca, extensions: [extendedKeyUsage(SERVER_AUTH)] })),
      'x509: certificate specifies an incompatible key usage',
    ],
    [
      'long ago',
      async () => requestOf([], await issueClient({ issuer: ca, notAfter: '2021-01-01T00:00:00Z' })),
      'x509: certificate has expired or is not yet valid: current time 2026-06-01T00:00:00Z is after 2021-01-01T00:00:00Z',
    ],
  ])('that was made by or for %s is an error that names it', async (_, request, cause) => {
    const { certificates } = setUp()
    const refusal = Promise.resolve(certificates.authenticate(await request(), emptyContext))
    await expect(refusal).rejects.toMatchObject({
      name: 'AuthenticationError',
      code: 'rejected',
      message: `verifying certificate SN=1, SKID=, AKID= failed: ${cause}`,
    })
  })

  it('with a wrong uid is an error, under its own name', async () => {
    const leaf = await issueClient({
      issuer: ca,
      subject: [
        [CN, 'j'],
        [UID, ''],
      ],
    })
    expect(await setUp().ask(requestOf([], leaf))).toBe('UID cannot be an empty string')
  })

  it.each([
    ['that cannot be read', () => requestOf([], hex('30 00')), /^x509: malformed /],
    ['beside one that cannot be read', () => requestOf([], jane, hex('30 00')), /^x509: malformed /],
    [
      'among more than ten',
      () => requestOf([], ...Array.from({ length: 11 }, () => jane)),
      /more than 10 certificates/,
    ],
    ['among more than 64 KiB', () => requestOf([], jane, new Uint8Array(65_536)), /or 65536 bytes of them/],
  ])('%s is refused', async (_, request, message) => {
    expect(await setUp().ask(request())).toMatch(message)
  })

  it('may be one of ten', async () => {
    expect(await setUp().ask(requestOf([], ...Array.from({ length: 10 }, () => jane)))).toBe('jane')
  })

  it('may mean what an application wants it to', async () => {
    const certificates = clientCertificate({
      ca: ca.pem,
      clock: settableClock(),
      keyUsages: [],
      user: ({ serialNumber }) => (serialNumber === 10n ? userInfo({ username: 'ten' }) : undefined),
    })
    const ask = async (request: AuthenticationRequest) => certificates.authenticate(request, emptyContext)
    expect(await ask(requestOf([], jane))).toMatchObject({ user: { username: 'ten' } })
    expect(await ask(requestOf([], await issueClient({ issuer: ca })))).toBeUndefined()
  })
})

describe('a server that asks for no certificates', () => {
  const without = (requestsCertificate: boolean | undefined): AuthenticationRequest => ({
    ...requestOf(),
    peerCertificates: () => [],
    requestsCertificate: () => requestsCertificate,
  })
  const advices = (events: readonly AuthenticationEvent[]): readonly string[] =>
    events.flatMap((event) => (event.type === 'fileNotice' ? [event.notice.code] : []))

  it('is an advice, once', () => {
    const { certificates } = setUp()
    const events: AuthenticationEvent[] = []
    const context = { observer: (event: AuthenticationEvent) => void events.push(event) }
    for (let request = 0; request < 3; request++) certificates.authenticate(without(false), context)
    expect(advices(events)).toEqual(['noCertificateRequested'])
  })

  it('is an advice to the first observer there is', () => {
    const events: AuthenticationEvent[] = []
    const observer = (event: AuthenticationEvent): void => void events.push(event)
    const certificates = clientCertificate({ ca: { current: () => poolOf(ca) }, observer })
    certificates.authenticate(without(false), emptyContext)
    expect(advices(events)).toEqual(['noCertificateRequested'])
  })

  it.each([true, undefined])('is none where requestsCertificate is %s', (asks) => {
    const { certificates } = setUp()
    const events: AuthenticationEvent[] = []
    certificates.authenticate(without(asks), { observer: (event) => void events.push(event) })
    expect(advices(events)).toEqual([])
  })
})

describe('what is trusted', () => {
  it.each([
    ['is a bundle with a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
    ['is not empty', ''],
  ])('%s', (_, bundle) => {
    expect(() => clientCertificate({ ca: bundle })).toThrow(ConfigurationError)
    expect(() => clientCertificate({ ca: bundle })).toThrow(/^ca: x509: /)
  })

  it('counts at every request', async () => {
    const { source, ask } = setUp()
    expect(await ask(requestOf([], jane))).toBe('jane')
    source.pool = poolOf(other)
    expect(await ask(requestOf([], jane))).toMatch(/unknown authority$/)
    expect(await ask(requestOf([], stranger))).toBe('mallory')
    source.pool = poolOf(ca)
    expect(await ask(requestOf([], jane))).toBe('jane')
  })

  it('may change while a certificate is being verified', async () => {
    const { source, ask } = setUp()
    const first = ask(requestOf([], jane))
    source.pool = poolOf(other)
    expect(await Promise.all([first, ask(requestOf([], jane))])).toEqual([
      'jane',
      expect.stringMatching(/unknown authority$/),
    ])
    expect(await ask(requestOf([], jane))).toMatch(/unknown authority$/)
  })
})

describe('a verdict', () => {
  it('is remembered, and then there at once', async () => {
    const { certificates, ask, verify } = setUp()
    await ask(requestOf([], jane))
    expect(certificates.authenticate(requestOf([], jane), emptyContext)).toMatchObject({
      user: { username: 'jane' },
    })
    expect(verify).toHaveBeenCalledTimes(1)
  })

  it('is waited for by all who ask for it', async () => {
    const { ask, verify } = setUp()
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(requestOf([], jane))))
    expect(answers).toEqual(Array.from({ length: 5 }, () => 'jane'))
    expect(verify).toHaveBeenCalledTimes(1)
  })

  it('is about all that was presented', async () => {
    const middle = await issueCa({ subject: 'middle', issuer: ca })
    const leaf = await issueClient({ subject: 'bob', issuer: middle })
    const { ask } = setUp()
    expect(await ask(requestOf([], leaf))).toMatch(/unknown authority$/)
    expect(await ask(requestOf([], leaf, middle))).toBe('bob')
    expect(await ask(requestOf([], leaf))).toMatch(/unknown authority$/)
  })

  it('ends with the first certificate of the chain', async () => {
    const middle = await issueCa({ subject: 'middle', issuer: ca, notAfter: '2026-06-02T00:00:00Z' })
    const leaf = await issueClient({ subject: 'bob', issuer: middle })
    const { clock, ask } = setUp()
    const request = requestOf([], leaf, middle)
    expect(await ask(request)).toBe('bob')
    clock.nowMs += DAY_MS
    expect(await ask(request)).toBe('bob')
    clock.nowMs += 1
    expect(await ask(request)).toMatch(/current time 2026-06-02T00:00:00Z is after 2026-06-02T00:00:00Z/)
    clock.nowMs -= 1
    expect(await ask(request)).toBe('bob')
  })

  it('does not hold for a time before it', async () => {
    const leaf = await issueClient({ subject: 'bob', issuer: ca, notBefore: '2026-05-31T00:00:00Z' })
    const { clock, ask } = setUp()
    expect(await ask(requestOf([], leaf))).toBe('bob')
    clock.nowMs -= 2 * DAY_MS
    expect(await ask(requestOf([], leaf))).toMatch(/is before 2026-05-31/)
  })

  it('of no is remembered too, for a minute at most', async () => {
    const forged = await issueClient({ issuer: ca, signedWith: other.keys })
    const { clock, ask, verify } = setUp()
    await ask(requestOf([], forged))
    await ask(requestOf([], forged))
    clock.nowMs += 60_000
    expect(await ask(requestOf([], forged))).toMatch(/verification failure/)
    expect(verify).toHaveBeenCalledTimes(1)
    clock.nowMs += 1
    await ask(requestOf([], forged))
    expect(verify).toHaveBeenCalledTimes(2)
  })

  it('of no takes the place of a yes that ended', async () => {
    const middle = await issueCa({ subject: 'middle', issuer: ca, notAfter: '2026-06-02T00:00:00Z' })
    const leaf = await issueClient({ subject: 'bob', issuer: middle })
    const { clock, ask, verify } = setUp()
    await ask(requestOf([], leaf, middle))
    clock.nowMs += 2 * DAY_MS
    await ask(requestOf([], leaf, middle))
    const before = verify.mock.calls.length
    expect(await ask(requestOf([], leaf, middle))).toMatch(/has expired/)
    expect(verify.mock.calls.length).toBe(before)
  })

  it('of no ends as soon as a certificate begins', async () => {
    const soon = await issueClient({ subject: 'bob', issuer: ca, notBefore: '2026-06-01T00:00:10Z' })
    const { clock, ask } = setUp()
    expect(await ask(requestOf([], soon))).toMatch(/not yet valid/)
    clock.nowMs += 9999
    expect(await ask(requestOf([], soon))).toMatch(/not yet valid/)
    clock.nowMs += 1
    expect(await ask(requestOf([], soon))).toBe('bob')
  })

  it('is not remembered where verifying itself went wrong', async () => {
    const { source, ask } = setUp()
    const broken: CertificatePool = {
      certificates: [],
      contains: () => false,
      possibleIssuers: () => {
        throw new TypeError('broken')
      },
    }
    source.pool = broken
    expect(await ask(requestOf([], jane))).toEqual(new TypeError('broken'))
    broken.possibleIssuers = poolOf(ca).possibleIssuers
    expect(await ask(requestOf([], jane))).toBe('jane')
  })

  it('of strangers does not push out that of a user', async () => {
    const { ask, verify } = setUp()
    await ask(requestOf([], jane))
    const before = verify.mock.calls.length
    // Each is another chain, and none of them leads anywhere.
    for (let number = 0; number < 4200; number++) {
      const garbage = stranger.der.slice()
      garbage[garbage.length - 1] = number & 0xff
      garbage[garbage.length - 2] = number >> 8
      await ask(requestOf([], garbage))
    }
    await ask(requestOf([], jane))
    expect(verify.mock.calls.length).toBe(before)
  })
})

it('refuses a leaf that is an untrusted CA', async () => {
  const self = await issue({ subject: 'self', extensions: [basicConstraints(true)] })
  expect(await setUp().ask(requestOf([], self, self))).toMatch(/unknown authority/)
})
