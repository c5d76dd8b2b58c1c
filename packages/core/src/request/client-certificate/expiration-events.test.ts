import { describe, expect, it, vi } from 'vitest'
import { issueCa, issueClient } from '../../../../x509/test/certificates.ts'
import { requestOf, settableClock } from '../../../test/requests.ts'
import { emptyContext } from '../../authenticator/context.ts'
import type { AuthenticationEvent } from '../../authenticator/events.ts'
import { clientCertificate } from './client-certificate.ts'

const ca = await issueCa({ subject: 'client-ca' })
const other = await issueCa({ subject: 'other-ca' })
const jane = await issueClient({ subject: 'jane', issuer: ca })

describe('an observer', () => {
  it('is told how long a certificate is still valid, good or bad, at every request', async () => {
    const events: AuthenticationEvent[] = []
    const clock = settableClock()
    const certificates = clientCertificate({ ca: ca.pem, clock, observer: (event) => events.push(event) })
    const hour = await issueClient({ issuer: ca, notAfter: '2026-06-01T01:00:00Z' })
    const gone = await issueClient({ issuer: other, notAfter: '2026-05-31T23:00:00Z' })
    await certificates.authenticate(requestOf([], hour), emptyContext)
    await certificates.authenticate(requestOf([], hour), emptyContext)
    await Promise.resolve(certificates.authenticate(requestOf([], gone), emptyContext)).catch(() => undefined)
    expect(events).toEqual(
      [3600, 3600, -3600].map((seconds) => ({ type: 'clientCertificateExpiration', seconds })),
    )
  })

  it('of the request is told instead, where there is one', async () => {
    const [own, ofRequest] = [vi.fn(), vi.fn()]
    const certificates = clientCertificate({ ca: ca.pem, clock: settableClock(), observer: own })
    await certificates.authenticate(requestOf([], jane), { observer: ofRequest })
    expect([own.mock.calls.length, ofRequest.mock.calls.length]).toEqual([0, 1])
  })
})
