import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { issueCa, issueClient, poolOf } from '../../../x509/test/certificates.ts'
import { requestOf, settableClock } from '../../test/requests.ts'
import { certificateIdOf } from '../authenticator/certificate-id.ts'
import { emptyContext } from '../authenticator/context.ts'
import { clientCertificate } from '../request/client-certificate/client-certificate.ts'
import { readCredentialId, readSerialNumber } from './read-credential-id.ts'
import { revocationList } from './revocation-list.ts'
import { unlessRevoked } from './unless-revoked.ts'

const ID = 'X509SERIAL=1a2b/CN=users ca,O=example'

describe('the id of a credential', () => {
  it.each([
    ['JTI=1A', 'JTI=1A'],
    ['SESSION=1A', 'SESSION=1A'],
    ['anything', 'anything'],
    ['', ''],
    [`X509SHA256=${'AB'.repeat(32)}`, `X509SHA256=${'ab'.repeat(32)}`],
    [`x509sha256=${'AB:'.repeat(31)}AB`, `X509SHA256=${'ab'.repeat(32)}`],
    ['X509SERIAL=1A2B/CN=users CA,O=Example', ID],
    ['X509SERIAL=00:1A:2B/CN=users CA,O=Example', ID],
    ['X509SERIAL=0x1a2b/O=EXAMPLE, CN=Users  ca', ID],
    ['X509SERIAL=1a2b/2.5.4.3=users CA+2.5.4.10=example', ID],
    [ID, ID],
    ['X509SERIAL=0/CN=a', 'X509SERIAL=0/CN=a'],
    [String.raw`X509SERIAL=1/CN=a\,b\=c\"\#`, String.raw`X509SERIAL=1/CN=a\,b\=c\"\#`],
    [String.raw`X509SERIAL=1/CN=\C3\89`, 'X509SERIAL=1/CN=é'],
    ['X509SERIAL=1/1.2.3.4=x', 'X509SERIAL=1/1.2.3.4=x'],
  ])('%j is read', (written, id) => {
    expect(readCredentialId(written)).toBe(id)
  })

  it.each([
    'X509SHA256=',
    `X509SHA256=${'a'.repeat(63)}`,
    `X509SHA256=${'a'.repeat(65)}`,
    `X509SHA256=${'g'.repeat(64)}`,
    'X509SERIAL=',
    'X509SERIAL=1a2b',
    'X509SERIAL=1a2b/',
    'X509SERIAL=/CN=a',
    'X509SERIAL=-1/CN=a',
    'X509SERIAL=1:/CN=a',
    'X509SERIAL=1 2/CN=a',
    'X509SERIAL=1g/CN=a',
    `X509SERIAL=${'1'.repeat(129)}/CN=a`,
    'X509SERIAL=1/users CA',
    'X509SERIAL=1/CM=a',
    'X509SERIAL=1/__PROTO__=a',
    'X509SERIAL=1/CN=#0c0161',
    'X509SERIAL=1/CN=a,',
    'X509SERIAL=1/CN="a"',
    'X509=1',
  ])('%j is refused, since it would revoke nothing', (written) => {
    expect(readCredentialId(written)).toBeUndefined()
  })

  it('is read back, whatever the name of the issuer', () => {
    const attribute = fc.record({
      type: fc.constantFrom('2.5.4.3', '2.5.4.10', '0.9.2342.19200300.100.1.25', '1.2.3.4'),
      value: fc.string({ unit: 'binary' }),
    })
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 160n), fc.array(attribute, { minLength: 1 }), (number, attributes) => {
        const id = certificateIdOf(number, { attributes })
        expect(readCredentialId(id)).toBe(id)
        expect(certificateIdOf(number, { attributes: attributes.toReversed() })).toBe(id)
      }),
    )
  })

  it('has a number that is never decimal', () => {
    expect(['10', '0010', '00:10', '0x10', ' 10', '10 ', '', '0x', ':10'].map(readSerialNumber)).toEqual([
      16n,
      16n,
      16n,
      16n,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('a certificate', async () => {
  const ca = await issueCa({ subject: 'Users CA' })
  const other = await issueCa({ subject: 'Other CA' })
  const jane = await issueClient({ subject: 'jane', issuer: ca, serialNumber: '00ab' })
  const joe = await issueClient({ subject: 'joe', issuer: other, serialNumber: '00ab' })
  const next = await issueClient({ subject: 'next', issuer: ca, serialNumber: '00ac' })
  const list = revocationList()
  const chain = unlessRevoked(
    list,
    clientCertificate({ ca: { current: () => poolOf(ca, other) }, clock: settableClock() }),
  )
  const isAccepted = async (...certificates: readonly Uint8Array[]): Promise<boolean> => {
    try {
      return (await chain.authenticate(requestOf([], ...certificates), emptyContext)) !== undefined
    } catch (error) {
      expect(String(error)).toContain('revoked')
      return false
    }
  }

  it('is revoked by its number and issuer, and no other', async () => {
    expect([await isAccepted(jane.der), await isAccepted(joe.der), await isAccepted(next.der)]).toEqual([
      true,
      true,
      true,
    ])
    list.set('one', { credentialId: 'X509SERIAL=AB/CN=users ca' })
    expect([await isAccepted(jane.der), await isAccepted(joe.der), await isAccepted(next.der)]).toEqual([
      false,
      true,
      true,
    ])
    list.delete('one')
    expect(await isAccepted(jane.der)).toBe(true)
  })
})
