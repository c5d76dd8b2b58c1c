import { describe, expect, it, vi } from 'vitest'
import { CN, issueCa, issueClient } from '../../../../x509/test/certificates.ts'
import { requestOf, settableClock } from '../../../test/requests.ts'
import type { Authenticator } from '../../authenticator/authenticator.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import { userInfo } from '../../authenticator/user.ts'
import { certificateVerifier } from './certificate-verifier.ts'

const ca = await issueCa({ subject: 'proxy-ca' })
const proxy = await issueClient({ subject: 'front-proxy', issuer: ca })
const twoNames = await issueClient({
  subject: [
    [CN, 'front-proxy'],
    [CN, 'x'],
  ],
  issuer: ca,
})
const noName = await issueClient({ subject: [], issuer: ca })
const evil = await issueClient({ subject: 'a\nb', issuer: ca })
const stranger = await issueClient({ issuer: await issueCa({ subject: 'other' }) })
const user = userInfo({ username: 'inner' })

function setUp(...allowedNames: readonly string[]) {
  const authenticate = vi.fn<Authenticator['authenticate']>(() => ({ user }))
  const delegate = { name: 'inner', credentials: { schemes: [] }, authenticate }
  const verifier = certificateVerifier({ ca: ca.pem, allowedNames, clock: settableClock() }, delegate)
  return { verifier, delegate }
}

describe('a certificate verifier', () => {
  it.each([
    ['any name where none is demanded', [], proxy],
    ['no name where none is demanded', [], noName],
    ['the name that is demanded', ['front-proxy'], proxy],
    ['one of the names', ['other', 'front-proxy'], proxy],
  ])('asks the delegate about a client with %s', async (_, names, client) => {
    const { verifier, delegate } = setUp(...names)
    expect(await verifier.authenticate(requestOf([], client), emptyContext)).toEqual({ user })
    const { proxyAuthorities, ...credentials } = verifier.credentials ?? {}
    expect(credentials).toEqual({ ...delegate.credentials, peerCertificates: true })
    expect(proxyAuthorities?.map((each) => each.current()?.certificates.length)).toEqual([1])
  })

  it.each([
    ['another name', ['foo', 'bar'], proxy, 'x509: subject with cn=front-proxy is not in the allowed list'],
    [
      'the name in another case',
      ['Front-Proxy'],
      proxy,
      'x509: subject with cn=front-proxy is not in the allowed list',
    ],
    [
      'the name first and another last',
      ['front-proxy'],
      twoNames,
      'x509: subject with cn=x is not in the allowed list',
    ],
    ['no name', ['front-proxy'], noName, 'x509: subject with cn= is not in the allowed list'],
    [
      'a name of two lines',
      ['front-proxy'],
      evil,
      String.raw`x509: subject with cn=a\u{a}b is not in the allowed list`,
    ],
    ['a certificate of another CA', [], stranger, 'x509: certificate signed by unknown authority'],
  ])('refuses a client with %s, and does not ask the delegate', async (_, names, client, message) => {
    const { verifier, delegate } = setUp(...names)
    const asked = async () => verifier.authenticate(requestOf([], client), emptyContext)
    await expect(asked()).rejects.toEqual(rejected(message))
    await expect(asked()).rejects.toEqual(rejected(message))
    expect(delegate.authenticate).not.toHaveBeenCalled()
  })

  it('has no opinion without a certificate, or without knowing who is trusted', async () => {
    const { verifier, delegate } = setUp()
    expect(await verifier.authenticate(requestOf(), emptyContext)).toBeUndefined()
    const unready = certificateVerifier({ ca: { current: () => undefined }, allowedNames: [] }, delegate)
    expect(await unready.authenticate(requestOf([], proxy), emptyContext)).toBeUndefined()
    expect(delegate.authenticate).not.toHaveBeenCalled()
  })
})
