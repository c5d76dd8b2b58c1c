import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthenticationEvent } from '@kube-authn/core'
import { rbac, rbacPolicy } from '@kube-authn/core/rbac'
import * as express from '@kube-authn/express'
import * as hono from '@kube-authn/hono'
import * as koa from '@kube-authn/koa'
import {
  auditFile,
  createAuthenticator,
  delegatedAuthentication,
  rbacAt,
  tlsServerOptionsAt,
  tokenFileAt,
  verificationKeysAt,
} from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/*
 * What people get wrong first, and what they are told: the option as they wrote it, and what to do. JavaScript and JSON are not
 * type-checked, so each of these is a value that no type would let through, or a file.
 */

let folder = ''
const at = (name: string): string => join(folder, name)
const write = (name: string, content: string): string => {
  writeFileSync(at(name), content)
  return at(name)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kube-authn-mistakes-'))
  const pki = await createPki()
  const server = await pki.issueServer({ hosts: ['localhost'] })
  const jane = await pki.issueClient({ commonName: 'jane' })
  write('ca.crt', pki.caPem)
  write('server.crt', server.certificatePem)
  write('server.key', server.privateKeyPem)
  write('jane.key', jane.privateKeyPem)
  write('tokens.csv', 'secret,jane,1\n')
  mkdirSync(at('empty'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A call as JavaScript makes it. */
const call = (factory: (...given: never[]) => unknown, ...given: readonly unknown[]): unknown =>
  Reflect.apply(factory, undefined, given)
const chain = (options?: unknown): unknown =>
  call(createAuthenticator, ...(options === undefined ? [] : [options]))

const policy = rbac(rbacPolicy([]))

describe('a mistake in the options', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'no options',
      () => chain(),
      /^authenticators: no authentication method configured; name one, as in .*tokenFile/,
    ],
    [
      'options without a method',
      () => chain({ audiences: ['a'] }),
      /^authenticators: no authentication method/,
    ],
    ['options as a string', () => chain('tokens.csv'), /^options: must be an object of options$/],
    ['options as a promise', () => chain(Promise.resolve({})), /^options: is a promise; await it first$/],
    [
      'a misspelt name',
      () => chain({ tokensFile: 'x' }),
      /^tokensFile: unknown option, did you mean tokenFile\?$/,
    ],
    ['other capitals', () => chain({ clientCa: 'x' }), /^clientCa: unknown option, did you mean clientCA\?$/],
    ['a switch as a string', () => chain({ anonymous: 'false' }), /^anonymous: must be a boolean$/],
    [
      'a nested switch as a string',
      () => chain({ anonymous: { enabled: 'false' } }),
      /^anonymous\.enabled: must be/,
    ],
    [
      'a singular',
      () => chain({ anonymous: { enabled: true, condition: [{ path: '/a' }] } }),
      /^anonymous\.condition: unknown option, did you mean conditions\?$/,
    ],
    [
      "a flag's name",
      () => chain({ oidc: { issuerUrl: 'https://a', clientId: 'b', requiredClaim: ['hd=a'] } }),
      /^oidc\.requiredClaim: unknown option, did you mean requiredClaims\?$/,
    ],
    [
      'the words of Passport',
      () => chain({ oidc: { issuer: 'https://a', clientID: 'b' } }),
      /oidc\.issuer: unknown option, did you mean issuerUrl\?; oidc\.clientID: unknown option, did you mean clientId\?/,
    ],
    ['no client', () => chain({ oidc: { issuerUrl: 'https://a' } }), /^oidc\.clientId: is required$/],
    [
      'an issuer by http',
      () => chain({ oidc: { issuerUrl: 'http://a', clientId: 'b' } }),
      /^oidc\.issuerUrl: .*URL scheme must be https$/,
    ],
    [
      'a prefix that is null',
      () => chain({ oidc: { issuerUrl: 'https://a', clientId: 'b', groupsPrefix: null } }),
      /^oidc\.groupsPrefix: must be a string, not null$/,
    ],
    [
      'one audience as a string',
      () => chain({ tokenFile: at('tokens.csv'), audiences: 'a' }),
      /^audiences: must be a list$/,
    ],
    [
      'keys that were not awaited',
      () => chain({ serviceAccounts: { issuers: ['https://a'], keys: Promise.resolve([]), objects: {} } }),
      /serviceAccounts\.keys: is a promise; await it first/,
    ],
    [
      'a member of a promise',
      () => chain({ serviceAccounts: { issuers: ['https://a'], keys: undefined, objects: {} } }),
      /serviceAccounts\.keys: is required, and undefined, as what is taken from a promise before it is awaited/,
    ],
    [
      'one CA for users and proxies',
      () =>
        chain({
          clientCA: at('ca.crt'),
          requestHeader: { clientCA: at('ca.crt'), allowedNames: ['p'], usernameHeaders: ['X-Remote-User'] },
        }),
      /has a CA in common with/,
    ],
    [
      'a proxy without a name',
      () =>
        chain({
          requestHeader: { clientCA: at('ca.crt'), allowedNames: [], usernameHeaders: ['X-Remote-User'] },
        }),
      /requestHeader\.allowedNames: must name the proxy/,
    ],
  ])('is told: %s', (_, make, message) => {
    expect(make).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', message: expect.stringMatching(message) }),
    )
  })
})

describe('a mistake with a file', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'no token file',
      () => chain({ tokenFile: 'nope.csv' }),
      /^tokenFile: \/.*nope\.csv: no such file or directory/,
    ],
    [
      'no password file',
      () => chain({ passwordFile: 'nope.csv' }),
      /^passwordFile: \/.*nope\.csv: no such file/,
    ],
    ['a folder', () => chain({ tokenFile: at('empty') }), /^tokenFile: .*empty: .*(?:directory|file)/],
    ['no CA', () => chain({ clientCA: 'nope.crt' }), /^clientCA: \/.*nope\.crt: no such file or directory/],
    [
      'a key for a CA',
      () => chain({ clientCA: at('jane.key') }),
      /^clientCA: .*jane\.key: .*holds: PRIVATE KEY$/,
    ],
    [
      'PEM for a path',
      () => chain({ clientCA: '-----BEGIN CERTIFICATE-----\nMIIB' }),
      /^clientCA: is PEM text; give the path of a file that holds it$/,
    ],
    [
      'no configuration',
      () => chain({ authenticationConfig: 'nope.yaml' }),
      /^authenticationConfig: .*nope\.yaml/,
    ],
    [
      'no kubeconfig',
      () => chain({ tokenReview: 'nope' }),
      /^tokenReview: .*nope: no such file or directory/,
    ],
    ['no manifests', () => call(rbacAt, at('nope')), /nope: no such file or directory/],
    [
      'no folder for a log',
      () => call(auditFile, at('nope/audit.jsonl')),
      /^path: .*nope: no such file or directory/,
    ],
    [
      'no key of a server',
      () => call(tlsServerOptionsAt, { certFile: at('server.crt'), keyFile: at('nope.key') }),
      /^keyFile: .*nope\.key: no such file or directory/,
    ],
    [
      'a key of another certificate',
      () => call(tlsServerOptionsAt, { certFile: at('server.crt'), keyFile: at('jane.key') }),
      /^certFile: .*goes with the key.*server\.crt.*jane\.key/,
    ],
    [
      'a record that is short',
      () => chain({ tokenFile: write('a.csv', 'secret,jane\n') }),
      /a\.csv: line 1: .*3 columns.*found 2$/,
    ],
    [
      'a comment',
      () => chain({ tokenFile: write('b.csv', '# mine\n') }),
      /b\.csv: line 1: .*there are no comments/,
    ],
    [
      'a quote that is not closed',
      () => chain({ tokenFile: write('c.csv', '"secret,jane,1\n') }),
      /c\.csv: parse error on line 1/,
    ],
    [
      'a misspelt field',
      () =>
        call(
          rbacAt,
          write(
            'r.yaml',
            'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\nrules: [{verb: [get], verbs: [get], nonResourceURLs: [/a]}]\n',
          ),
        ),
      /^ClusterRole "x": rules\[0\]\.verb: Unknown field$/,
    ],
  ])('is told: %s', (_, make, message) => {
    expect(make).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', message: expect.stringMatching(message) }),
    )
  })

  it.each<[string, () => unknown]>([
    ['a token', () => chain({ tokenFile: write('d.csv', 'hunter2hunter2,jane\n') })],
    ['PEM of a key', () => chain({ clientCA: '-----BEGIN PRIVATE KEY-----\nhunter2hunter2' })],
    ['a record in place of a path', () => chain({ tokenFile: 'hunter2hunter2,jane,1' })],
    [
      'an option that is named like a secret',
      () => chain({ 'hunter2hunter2-hunter2hunter2-hunter2hunter2': 'x' }),
    ],
  ])('shows nothing of %s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ message: expect.not.stringContaining('unter2') }))
  })
})

describe('what works and is hardly meant', () => {
  const codes = (make: (observer: (event: AuthenticationEvent) => void) => unknown): readonly string[] => {
    const found: string[] = []
    make((event) => {
      if (event.type === 'fileNotice') found.push(event.notice.code)
    })
    return found
  }
  it.each<[string, (observer: (event: AuthenticationEvent) => void) => unknown, string]>([
    ['an empty token file', (observer) => tokenFileAt(write('e.csv', ''), { observer }), 'emptyFile'],
    [
      'groups without quotes',
      (observer) => tokenFileAt(write('f.csv', 's,jane,1,dev,ops\n'), { observer }),
      'moreColumns',
    ],
    [
      'a token twice',
      (observer) => tokenFileAt(write('g.csv', 's,a,1\ns,b,2\n'), { observer }),
      'duplicateToken',
    ],
    ['a folder without manifests', (observer) => rbacAt(at('empty'), { observer }), 'noManifests'],
    [
      'a certificate that is not of a CA',
      (observer) => createAuthenticator({ clientCA: at('server.crt'), observer }),
      'noAuthority',
    ],
  ])('is told to the observer: %s', (_, make, code) => {
    expect(codes(make)).toContain(code)
  })
})

describe.each([
  ['Express', express],
  ['Koa', koa],
  ['Hono', hono],
])('a mistake with the middleware of %s', (_name, { authentication, authorization, impersonation }) => {
  const request = { method: 'GET', headers: {}, req: {}, res: {} }
  it.each<[string, () => unknown, RegExp]>([
    [
      'options for an authenticator',
      () => call(authentication, { tokenFile: 'x' }),
      /createAuthenticator\(\{\.\.\.\}\) of @kube-authn\/node/,
    ],
    [
      'an authenticator of tokens',
      () => call(authentication, tokenFileAt(at('tokens.csv'))),
      /wrap it with bearerToken\(\.\.\.\)$/,
    ],
    [
      'not called',
      () => call(authentication, request, () => undefined),
      /call the middleware first, as in app\.use\(authentication\(authenticator\)\)/,
    ],
    [
      'undefined',
      () => call(authentication, undefined),
      /this is undefined, as what is taken from a promise/,
    ],
    [
      'a promise',
      () => call(authentication, Promise.resolve()),
      /^authenticator: is a promise; await it first$/,
    ],
    [
      'a misspelt option',
      () =>
        call(authentication, createAuthenticator({ tokenFile: at('tokens.csv') }), {
          onFail: () => undefined,
        }),
      /^onFail: unknown option, did you mean onFailure\?$/,
    ],
    ['no authorizer', () => call(authorization), /^authorizer: must be an authorizer/],
    [
      'a policy that is no authorizer',
      () => call(impersonation, { objects: [] }),
      /^authorizer: must be an authorizer; this has no method "authorize"$/,
    ],
    [
      'an attribute',
      () => call(authorization, policy, { attribute: () => undefined }),
      /^attribute: unknown option, did you mean attributes\?$/,
    ],
  ])(`is told: %s`, (_, make, message) => {
    expect(make).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', message: expect.stringMatching(message) }),
    )
  })
})

describe('what is awaited too late', () => {
  it('is told by the promise as well', async () => {
    await expect(verificationKeysAt([at('nope.pem')])).rejects.toThrow(/nope\.pem: no such file or directory/)
    await expect(delegatedAuthentication({ kubeconfig: at('nope') })).rejects.toThrow(
      /nope: no such file or directory/,
    )
  })
})
