import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AuthenticationEvent, authenticatorChain, type Observer } from '@kube-authn/core'
import { fetchRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { isConfigurationError } from '@kube-authn/core/internal'
import { authorizeRequest, parseRbac, rbac } from '@kube-authn/core/authorization'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import * as ofExpress from '@kube-authn/express'
import * as ofHono from '@kube-authn/hono'
import * as ofKoa from '@kube-authn/koa'
import {
  createAuthenticator,
  delegatedAuthentication,
  rbacAt,
  readKubeconfig,
  tlsServerOptionsAt,
  tokenFileAt,
  verificationKeysAt,
} from '@kube-authn/node'
import { auditFile } from '@kube-authn/node/audit'
import { createPki, fakeAuthenticator, fakeTokenAuthenticator, noOpinion } from '@kube-authn/testing'

const SECRET = '31ada4fd-adec-460c-809a-9e56ceb75269'
const folder = mkdtempSync(join(tmpdir(), 'mistakes-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string): string => join(folder, name)
const file = (name: string, text: string): string => {
  writeFileSync(at(name), text)
  return at(name)
}
let caPem = ''

beforeAll(async () => {
  const pki = await createPki()
  const server = await pki.issueServer({ hosts: ['localhost'] })
  const jane = await pki.issueClient({ commonName: 'jane' })
  caPem = pki.caPem
  file('ca.crt', caPem)
  file('server.crt', server.certificatePem)
  file('server.key', server.privateKeyPem)
  file('jane.key', jane.privateKeyPem)
  file('tokens.csv', `${SECRET},jane,1\n`)
  mkdirSync(at('empty'))
})

/** Options of any type, as from JavaScript and configuration files. */
const create = (options?: unknown): unknown => Reflect.apply(createAuthenticator, undefined, [options])
const called = (factory: (...given: never[]) => unknown, ...given: readonly unknown[]): unknown =>
  Reflect.apply(factory, undefined, given)
const withTokens = (options: object): unknown => create({ tokenFile: at('tokens.csv'), ...options })
const requests = fakeAuthenticator(noOpinion())
const tokens = fakeTokenAuthenticator(noOpinion())
const { name: _name, ...nameless } = { name: 'mine', authenticateRequest: () => undefined }

async function saidOf(make: () => unknown): Promise<string> {
  try {
    await make()
    return 'nothing'
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    expect(error).toSatisfy((thrown: unknown) => isConfigurationError(thrown) || thrown instanceof TypeError)
    return (error as Error).message.replaceAll(folder, '.')
  }
}

describe('a mistake is refused in a sentence', () => {
  it.each<[what: string, make: () => unknown, said: RegExp]>([
    // Access.
    ['a string for a boolean', () => withTokens({ anonymous: 'false' }), /^anonymous: must be a boolean$/],
    [
      'a string for a boolean inside',
      () => withTokens({ anonymous: { enabled: 'false' } }),
      /^anonymous.enabled: must be a boolean$/,
    ],
    [
      'condition for conditions',
      () => withTokens({ anonymous: { enabled: true, condition: [{ path: '/healthz' }] } }),
      /^anonymous.condition: unknown option, did you mean conditions\?$/,
    ],
    [
      'paths for conditions',
      () => withTokens({ anonymous: { enabled: true, paths: ['/healthz'] } }),
      /^anonymous.paths: unknown option; known options: enabled, conditions$/,
    ],
    [
      'a path for a condition',
      () => withTokens({ anonymous: { enabled: true, conditions: ['/healthz'] } }),
      /^anonymous.conditions\[0\]: must be an object of options$/,
    ],
    ...(
      [
        [{ requiredClaim: ['hd=example.com'] }, /^oidc.requiredClaim: .*did you mean requiredClaims\?$/],
        [{ requiredClaims: ['hd=example.com'] }, /^oidc.requiredClaims: must be an object$/],
        [{ requiredClaims: 'hd=example.com' }, /^oidc.requiredClaims: must be an object$/],
        [{ requiredClaims: { hd: true } }, /^oidc.requiredClaims\["hd"\]: must be a string$/],
        [{ groupPrefix: 'oidc:' }, /^oidc.groupPrefix: .*did you mean groupsPrefix\?$/],
        [{ groupsPrefix: null }, /^oidc.groupsPrefix: must be a string, not null$/],
        [{ usernamePrefix: null }, /^oidc.usernamePrefix: must be a string, not null$/],
        [{ usernamePrefix: '-' }, /^oidc.usernamePrefix: must be '' for no prefix/],
        [
          { usernameClaim: 'email', claimMappings: { username: { claim: 'sub', prefix: '' } } },
          /^oidc.usernameClaim: cannot be set together with claimMappings$/,
        ],
        [
          { requiredClaims: { hd: 'x' }, claimValidationRules: [] },
          /^oidc.requiredClaims: cannot be set together with claimValidationRules$/,
        ],
        [{ audiences: ['x'] }, /^oidc.audiences: .*did you mean audience\?$/],
        [{ audience: 1 }, /^oidc.audience: must be a string$/],
        [{ audience: '' }, /^oidc.audience: Required value/],
        [{ audience: undefined }, /^oidc.audience: is required$/],
        [{ signingAlgorithms: 'RS256' }, /^oidc.signingAlgorithms: must be a list$/],
        [{ issuer: 'http://issuer' }, /^oidc.issuer: .*URL scheme must be https$/],
      ] as const
    ).map(
      ([wrong, said]) =>
        [
          `oidc with ${JSON.stringify(wrong)}`,
          () => create({ oidc: { issuer: 'https://issuer', audience: 'a', ...wrong } }),
          said,
        ] as [string, () => unknown, RegExp],
    ),
    [
      'the names of the flags',
      () => create({ oidc: { issuerUrl: 'https://issuer', clientId: 'x' } }),
      /^oidc.issuerUrl: unknown option, did you mean issuer\?; oidc.clientId: unknown option; oidc.issuer: is required; oidc.audience: is required$/,
    ],
    ['audiences in a string', () => withTokens({ audiences: 'api' }), /^audiences: must be a list$/],
    [
      'a name of a proxy in a string',
      () => create({ requestHeader: { caFile: at('ca.crt'), usernameHeaders: ['X'], allowedNames: 'a' } }),
      /^requestHeader.allowedNames: must be a list$/,
    ],
    [
      'no name of a proxy',
      () => create({ requestHeader: { caFile: at('ca.crt'), usernameHeaders: ['X'] } }),
      /^requestHeader.allowedNames: must name the proxy; /,
    ],
    // Names of options.
    [
      'tokensFile',
      () => create({ tokensFile: 't' }),
      /^tokensFile: unknown option, did you mean tokenFile\?$/,
    ],
    [
      'clientCa',
      () => withTokens({ clientCa: 'x' }),
      /^clientCa: unknown option, did you mean clientCAFile\?$/,
    ],
    [
      'nothing at all',
      () => create(),
      /^authenticators: no authentication method configured; name one, as in createAuthenticator\(\{ tokenFile/,
    ],
    ['null', () => create(null), /^options: must be an object of options, not null$/],
    [
      'several at once',
      () =>
        create({ tokenFile: at('nope.csv'), clientCAFile: at('jane.key'), oidc: { issuer: 'https://a' } }),
      /^oidc.audience: .*clientCAFile: .*tokenFile: .*$/,
    ],
    [
      'onFail',
      () => called(ofExpress.authentication, requests, { onFail: () => undefined }),
      /^onFail: unknown option, did you mean onFailure\?$/,
    ],
    // Files.
    [
      'a wrong path',
      () => tokenFileAt(at('nope.csv')),
      /^path: .\/nope.csv: no such file or directory \(ENOENT\)$/,
    ],
    [
      'a wrong path among options',
      () => create({ tokenFile: at('nope.csv') }),
      /^tokenFile: .\/nope.csv: no such file or directory \(ENOENT\)$/,
    ],
    [
      'several paths for one',
      () => create({ tokenFile: ['a', 'b'] }),
      /^tokenFile: must be an object of options$/,
    ],
    [
      'a record for a path',
      () => create({ tokenFile: `${SECRET},jane,1` }),
      /^tokenFile: this looks like the content of a file: pass its path instead$/,
    ],
    [
      'PEM for a path',
      () => create({ clientCAFile: caPem }),
      /^clientCAFile: is PEM data; pass the path of a file/,
    ],
    [
      'a path for PEM',
      () => clientCertificate({ ca: 'ca.crt' }),
      /^ca: must be a PEM bundle, not its path: /,
    ],
    [
      'a key for a CA',
      () => create({ clientCAFile: at('jane.key') }),
      /^clientCAFile: .\/jane.key: x509: data does not contain .* certificates; the file holds: PRIVATE KEY$/,
    ],
    [
      'two columns',
      () => create({ tokenFile: file('two.csv', `${SECRET},jane`) }),
      /^tokenFile: .\/two.csv: line 1: token file must have at least 3 columns .*, found 2$/,
    ],
    [
      'a comment',
      () => create({ tokenFile: file('comment.csv', '# my tokens\n') }),
      /found 1; comments are not supported$/,
    ],
    [
      'a hash without quotes',
      () => create({ passwordFile: file('hash.csv', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA,jane,1') }),
      /put the hash in quotes, since it contains commas$|the argon2id hash is malformed/,
    ],
    [
      'no folder of roles',
      () => rbacAt(at('nope/')),
      /^paths: .\/nope: no such file or directory \(ENOENT\)$/,
    ],
    [
      'verb for verbs',
      () =>
        rbacAt(
          file(
            'verb.yaml',
            'kind: ClusterRole\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: x}\nrules: [{apiGroups: [""], resources: [pods], verb: [get]}]\n',
          ),
        ),
      /rules\[0\].verb: Unknown field/,
    ],
    [
      'no folder for the audit log',
      () => auditFile(at('nope/audit.log')),
      /^path: .\/nope: no such file or directory/,
    ],
    [
      'no key of a server',
      () => tlsServerOptionsAt({ certFile: at('server.crt'), keyFile: at('nope.key') }),
      /^keyFile: .\/nope.key: no such file or directory \(ENOENT\)$/,
    ],
    [
      'the key of another certificate',
      () => tlsServerOptionsAt({ certFile: at('server.crt'), keyFile: at('jane.key') }),
      /^certFile: .*; certFile is .\/server.crt, keyFile is .\/jane.key$/,
    ],
    ['no kubeconfig', () => readKubeconfig(at('nope')), /^kubeconfig: .*.\/nope: no such file or directory/],
    [
      'an issuer in two places',
      () =>
        create({
          oidc: { issuer: 'https://a', audience: 'a' },
          authenticationConfig: file('a.yaml', 'kind: AuthenticationConfiguration\n'),
        }),
      /oidc: cannot be set together with authenticationConfig/,
    ],
    // Wiring.
    [
      'options for an authenticator',
      () => called(ofExpress.authentication, { tokenFile: 'tokens.csv' }),
      /^authenticator: must be a request authenticator; these look like options: pass them to createAuthenticator\(\{...\}\) of @kube-authn\/node/,
    ],
    [
      'an authenticator of tokens',
      () => called(ofKoa.authentication, tokens),
      /^authenticator: must be a request authenticator; this is a token authenticator: wrap it with bearerToken\(...\)$/,
    ],
    [
      'a factory that is not called',
      () => called(authenticatorChain, { tokens: [tokenFileAt] }),
      /^tokens\[0\]: must be a token authenticator; this is a function: call it first$/,
    ],
    [
      'an authenticator with another method',
      () => called(authenticatorChain, { requests: [nameless] }),
      /^requests\[0\]: must be a request authenticator; this has no method "authenticate"$/,
    ],
    [
      'a middleware that is not called',
      () => called(ofExpress.authentication, { headers: {}, method: 'GET' }, {}, () => undefined),
      /^authenticator: .*this is a request: call the middleware first, as in app.use\(authentication\(authenticator\)\)/,
    ],
    [
      'a string for an authorizer',
      () => called(ofHono.authorization, 'rbac/'),
      /^authorizer: must be an authorizer$/,
    ],
    [
      'a promise for an authenticator',
      () => called(ofExpress.authentication, Promise.resolve(requests)),
      /^authenticator: is a promise; await it first$/,
    ],
    [
      'a member of a promise',
      () => {
        const delegated = delegatedAuthentication({ optional: true, skipLookup: true, anonymous: true })
        return called(ofExpress.authentication, Reflect.get(delegated, 'authenticator'))
      },
      /^authenticator: .*it is undefined: was a promise not awaited\?$/,
    ],
    [
      'a member of a promise of keys',
      async () => {
        const keys = verificationKeysAt([at('server.key')])
        try {
          await create({
            serviceAccounts: { issuers: ['https://a'], keys: Reflect.get(keys, 'current'), objects: {} },
          })
        } finally {
          await keys.catch(() => undefined)
        }
      },
      /^serviceAccounts.keys: is required: .*await verificationKeysAt.*; /,
    ],
    [
      'a promise for a policy',
      () => called(rbac, Promise.resolve(parseRbac(''))),
      /^policy: is a promise; await it first$/,
    ],
    [
      'Express in Hono',
      () => called(ofExpress.authentication(requests), new Hono(), () => undefined),
      /@kube-authn\/express was called without a request of Node: for Hono use @kube-authn\/hono/,
    ],
    [
      'Koa in Hono',
      () => called(ofKoa.authentication(requests), new Hono(), () => undefined),
      /@kube-authn\/koa was called without a context of Koa/,
    ],
    [
      'Hono in Koa',
      () => called(ofHono.authentication(requests), { req: { rawHeaders: [] } }, () => undefined),
      /@kube-authn\/hono was called without a context of Hono/,
    ],
  ])('%s', async (_, make, said) => {
    const message = await saidOf(make)
    expect(message).toMatch(said)
    expect(message).not.toMatch(
      /Cannot read|Cannot destructure|is not a function$|is not iterable|oidc-issuer-url/,
    )
    expect(message).not.toContain(SECRET)
    expect(message).not.toContain('-----BEGIN')
  })
})

describe('what Kubernetes takes without a word is an advice to the observer', () => {
  const noticed = (make: (observer: Observer) => unknown): string => {
    const events: AuthenticationEvent[] = []
    make((event) => events.push(event))
    return events
      .flatMap((event) =>
        event.type === 'fileNotice' ? [`${event.notice.severity}: ${event.notice.message}`] : [],
      )
      .join('\n')
  }
  const tokensIn = (text: string) => (observer: Observer) =>
    createAuthenticator({ tokenFile: file('some.csv', text), observer }).close()
  const passwordsIn = (text: string) => (observer: Observer) =>
    createAuthenticator({ passwordFile: file('some.csv', text), observer }).close()

  it.each<[what: string, make: (observer: Observer) => unknown, said: RegExp]>([
    [
      'an empty token file',
      tokensIn(''),
      /^advice: the file has no records, .* token,user name,uid,"group,group"$/,
    ],
    [
      'groups without quotes',
      tokensIn(`${SECRET},jane,1,dev,ops\n`),
      /^advice: record 1 has 5 columns, and those after the fourth are ignored: put several groups in quotes/,
    ],
    [
      'a token twice',
      tokensIn(`${SECRET},jane,1\n${SECRET},joe,2\n`),
      /^warning: record 2 replaces an earlier one with the same token$/,
    ],
    [
      'a heading',
      tokensIn('token,user,uid,groups\nt,jane,1\n'),
      /it defines a user with a guessable token: remove it$/,
    ],
    [
      'a heading of passwords',
      passwordsIn('password,user,uid\n'),
      /it defines a user with a guessable password: remove it/,
    ],
    [
      'the user before the password',
      passwordsIn('jane,pw,1\n'),
      /the columns are password, username, uid: check that passwords come first/,
    ],
    [
      'the user before the hash',
      passwordsIn('jane,$2b$04$abcdefghijklmnopqrstuv,1\n'),
      /^advice: record 1 has a password hash as username; /,
    ],
    [
      'a certificate of a server for a CA',
      (observer) => createAuthenticator({ clientCAFile: at('server.crt'), observer }).close(),
      /^advice: 1 of 1 certificates are not CA certificates \(basicConstraints\)/,
    ],
    [
      'an empty folder of roles',
      (observer) => rbacAt(at('empty'), { observer }).close(),
      /^advice: contains no manifest \(.yaml, .yml or .json\), so nothing is allowed$/,
    ],
    [
      'a role that is not there',
      (observer) =>
        rbacAt(
          file(
            'binding.yaml',
            'kind: ClusterRoleBinding\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nowhere}\nsubjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]\n',
          ),
          { observer },
        ).close(),
      /there is no ClusterRole "nowhere", so it grants nothing$/,
    ],
  ])('%s', (_, make, said) => {
    const notices = noticed(make)
    expect(notices).toMatch(said)
    expect(notices).not.toContain(SECRET)
  })

  it('but not a CA', () => {
    expect(noticed((observer) => createAuthenticator({ clientCAFile: at('ca.crt'), observer }).close())).toBe(
      '',
    )
  })
})

describe('middlewares in the wrong order', () => {
  const policy = rbac(parseRbac(''))
  const asked = fetchRequest(new Request('https://app/', { headers: { 'impersonate-user': 'jane' } }))

  it.each([
    ['impersonation', () => impersonateRequest(policy)(asked, undefined)],
    [
      'constrained impersonation',
      () => impersonateRequest(policy, { mode: 'constrained' })(asked, undefined),
    ],
    ['authorization', () => authorizeRequest(policy)(asked, undefined)],
  ])('are a 500 whose cause says what to do: %s first', async (_, decide) => {
    const outcome = await decide()
    expect(outcome).toMatchObject({ failure: { status: 500 } })
    if (!('failure' in outcome)) return
    expect(outcome.failure.cause).toMatchObject({
      message: expect.stringMatching(
        /put authentication\(...\) before impersonation\(...\), authorization\(...\)/,
      ),
    })
    expect(JSON.stringify(outcome.failure.body)).not.toContain('put authentication')
  })
})
