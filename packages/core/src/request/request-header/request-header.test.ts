import { describe, expect, it } from 'vitest'
import { ask } from '../../../test/ask.ts'
import { issueCa, issueClient } from '../../../../x509/test/certificates.ts'
import { type HeaderList, requestOf, settableClock } from '../../../test/requests.ts'
import { clientCertificate } from '../client-certificate/index.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { authenticatorChain } from '../../chain/chain.ts'
import { authenticateRequest } from '../../handler/authenticate-request.ts'
import { requestHeader, type RequestHeaderOptions } from './request-header.ts'

const names = {
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
}
const trusts = (): boolean => true

const ca = await issueCa({ subject: 'proxy-ca' })
const clientCa = await issueCa({ subject: 'client-ca' })
const proxy = await issueClient({ subject: 'front-proxy', issuer: ca })
const otherProxy = await issueClient({ subject: 'other-proxy', issuer: ca })
const jane = await issueClient({ subject: 'jane', issuer: clientCa })

const bob = { username: 'bob', uid: '', groups: [], extra: {} }

describe('the headers are trusted from', () => {
  const withCertificate = requestHeader({
    ...names,
    ca: ca.pem,
    allowedNames: ['front-proxy'],
    clock: settableClock(),
  })
  const headers: HeaderList = [['X-Remote-User', 'bob']]

  it.each([
    ['the proxy', requestOf(headers, proxy), bob],
    ['the proxy without a user name', requestOf([], proxy), undefined],
    ['a client without a certificate', requestOf(headers), undefined],
    [
      'a client with another name',
      requestOf(headers, otherProxy),
      'x509: subject with cn=other-proxy is not in the allowed list',
    ],
    ['a user', requestOf(headers, jane), 'x509: certificate signed by unknown authority'],
    ['a user without headers', requestOf([], jane), 'x509: certificate signed by unknown authority'],
  ])('%s', async (_, request, expected) => {
    expect(await ask(withCertificate, request)).toEqual(expected)
  })

  it('any holder of a certificate, where that was said', async () => {
    const anyProxy = requestHeader({ ...names, ca: ca.pem, allowAnyProxyName: true, clock: settableClock() })
    expect(await ask(anyProxy, requestOf(headers, otherProxy))).toEqual(bob)
  })

  it('no client while no CA is loaded', async () => {
    const unready = requestHeader({
      ...names,
      ca: { current: () => undefined },
      allowedNames: ['front-proxy'],
    })
    expect(await ask(unready, requestOf(headers, proxy))).toBeUndefined()
  })

  it.each<readonly [string, unknown, object | undefined]>([
    ['a yes', true, bob],
    ['a no', false, undefined],
    ['a promise', Promise.resolve(false), undefined],
    ['a text', 'yes', undefined],
  ])('depends on the answer of an application, which is %s', async (_, answer, expected) => {
    const authenticator = requestHeader({ ...names, trusts: () => answer as boolean })
    expect(await ask(authenticator, requestOf(headers))).toEqual(expected)
  })

  it('is decided before client certificates are, and hides their headers from the application', async () => {
    const clock = settableClock()
    const authenticate = authenticateRequest(
      authenticatorChain({
        requestHeader: withCertificate,
        clientCertificate: clientCertificate({ ca: clientCa.pem, clock }),
      }),
    )
    const spoofed = await authenticate(requestOf(headers, jane))
    expect(spoofed).toMatchObject({
      authentication: { user: { username: 'jane' } },
      headerChanges: { remove: expect.arrayContaining(['x-remote-user']) as unknown },
    })
    expect(await authenticate(requestOf(headers, proxy))).toMatchObject({
      authentication: { user: { username: 'bob' } },
    })
    expect(await authenticate(requestOf([], proxy))).toMatchObject({ failure: { status: 401 } })
  })
})

describe('an option that is undefined', () => {
  it.each<readonly [string, object]>([
    [
      'beside a certificate',
      { ca: ca.pem, allowedNames: ['a'], allowAnyProxyName: undefined, trusts: undefined },
    ],
    [
      'beside another proof',
      { trusts, ca: undefined, allowedNames: undefined, allowAnyProxyName: undefined },
    ],
  ])('counts as left out, %s', (_, options) => {
    expect(() => requestHeader({ ...names, ...options } as unknown as RequestHeaderOptions)).not.toThrow()
  })
})

describe('options that cannot work', () => {
  const construct = (options: object) =>
    requestHeader({ ...names, ...options } as unknown as RequestHeaderOptions)
  const problems = (options: object): readonly string[] => {
    try {
      construct({ trusts, ...options })
      return []
    } catch (error) {
      return error instanceof ConfigurationError
        ? error.problems.map(({ path, message }) => `${path}: ${message}`)
        : ['?']
    }
  }

  it.each<readonly [string, object, readonly string[]]>([
    ['none', {}, []],
    ['white space around a name', { usernameHeaders: [' X-Remote-User\t'] }, []],
    [
      'no names at all',
      { usernameHeaders: [], uidHeaders: [], groupHeaders: [], extraHeaderPrefixes: [] },
      [],
    ],
    ['a blank name', { usernameHeaders: [' '] }, ['usernameHeaders[0]: empty header ""']],
    ['a blank prefix', { extraHeaderPrefixes: [''] }, ['extraHeaderPrefixes[0]: empty header ""']],
    [
      'no name of a header',
      { groupHeaders: ['X Group', 'a:'] },
      ['groupHeaders[0]: must be the name of a header', 'groupHeaders[1]: must be the name of a header'],
    ],
    [
      'a prefix twice',
      { extraHeaderPrefixes: ['X-Extra-', 'x-extra-'] },
      ['extraHeaderPrefixes[1]: covers the same header as extraHeaderPrefixes[0]'],
    ],
    [
      'a name for two purposes',
      { uidHeaders: ['x-remote-user'] },
      ['uidHeaders[0]: covers the same header as usernameHeaders[0]'],
    ],
    [
      'a name and its twin',
      { uidHeaders: ['x_remote_user'] },
      ['uidHeaders[0]: covers the same header as usernameHeaders[0]'],
    ],
    [
      'a prefix of a name',
      { extraHeaderPrefixes: ['X-Remote-'] },
      ['extraHeaderPrefixes[0]: covers the same header as usernameHeaders[0]'],
    ],
    [
      'a prefix of a prefix',
      { extraHeaderPrefixes: ['X-E-', 'X-E-F-'] },
      ['extraHeaderPrefixes[1]: covers the same header as extraHeaderPrefixes[0]'],
    ],
    [
      'a prefix before a prefix',
      { extraHeaderPrefixes: ['X-E-F-', 'X-E-'] },
      ['extraHeaderPrefixes[1]: covers the same header as extraHeaderPrefixes[0]'],
    ],
    [
      'an unknown reading',
      { joinedHeaders: 'guess' },
      ["joinedHeaders: must be 'reject', 'split' or 'whole'"],
    ],
    ['no function', { trusts: true }, ['trusts: must be a function']],
    [
      'two proofs',
      { ca: ca.pem },
      ['ca: give either ca, for a proxy with a client certificate, or trusts, for another proof'],
    ],
  ])('%s', (_, options, expected) => {
    expect(problems(options)).toEqual(expected)
  })

  it.each<readonly [string, object, RegExp]>([
    ['no proof', {}, /^ca: give either ca/],
    ['no proof, said so', { ca: undefined, trusts: undefined, allowedNames: ['a'] }, /^ca: is required$/],
    ['a proof that is undefined', { trusts: undefined, allowedNames: ['a'] }, /^ca: give either ca/],
    ['no proxy name', { ca: ca.pem }, /^allowedNames: must name the proxy/],
    ['names that are no list', { ca: ca.pem, allowedNames: 5 }, /^allowedNames: must be a list/],
    ['no proxy name in a list', { ca: ca.pem, allowedNames: [] }, /^allowedNames: must name the proxy/],
    [
      'a blank proxy name',
      { ca: ca.pem, allowedNames: ['a', ' '] },
      /^allowedNames\[1\]: must not be blank$/,
    ],
    [
      'names and any name',
      { ca: ca.pem, allowedNames: ['a'], allowAnyProxyName: true },
      /^allowedNames: must be empty/,
    ],
    [
      'a text for any name',
      { ca: ca.pem, allowAnyProxyName: 'false' },
      /^allowAnyProxyName: must be a boolean$/,
    ],
    ['a bundle that is none', { ca: 'x', allowedNames: ['a'] }, /^ca: must be a PEM bundle, not its path: /],
    ['no bundle', { ca: undefined, allowedNames: ['a'] }, /^ca: is required$/],
  ])('%s', (_, options, message) => {
    expect(() => construct(options)).toThrow(ConfigurationError)
    expect(() => construct(options)).toThrow(message)
  })

  it('are told all at once', () => {
    expect(problems({ usernameHeaders: [''], joinedHeaders: 'guess', trusts: 1 })).toHaveLength(3)
  })
})
