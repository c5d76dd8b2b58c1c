import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '@kube-authn/core'
import { type CertificateAuthority, createPki, type IssuedCredential } from '@kube-authn/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Endpoint, parseKubeconfig, readKubeconfig } from '../index.ts'
import type { ParseKubeconfigOptions } from './kubeconfig.ts'

let pki: CertificateAuthority
let client: IssuedCredential
let folder: string

beforeAll(async () => {
  pki = await createPki()
  client = await pki.issueClient({ commonName: 'client' })
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
  mkdirSync(join(folder, 'pki'))
  writeFileSync(join(folder, 'pki', 'ca.crt'), pki.caPem)
  writeFileSync(join(folder, 'pki', 'tls.crt'), client.chainPem)
  writeFileSync(join(folder, 'pki', 'tls.key'), client.privateKeyPem)
  writeFileSync(join(folder, 'token'), 'from-a-file\n')
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

type Fields = Readonly<Record<string, unknown>>

/** A kubeconfig with one cluster and one user, and a context that names them. */
function kubeconfig(cluster: Fields, user: Fields = {}, more: Fields = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://webhook.example', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
    ...more,
  })
}

const parse = (text: string, options: Partial<ParseKubeconfigOptions> = {}): Endpoint =>
  parseKubeconfig(text, { folder, ...options })

function problemsOf(text: string, options?: Partial<ParseKubeconfigOptions>): readonly string[] {
  try {
    parse(text, options)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

describe('parseKubeconfig', () => {
  it('reads the example of the Kubernetes documentation, without its mistake', () => {
    const text = `
      # Kubernetes API version
      apiVersion: v1
      kind: Config
      # clusters refers to the remote service.
      clusters:
        - name: name-of-remote-authn-service
          cluster:
            certificate-authority: pki/ca.crt         # CA for verifying the remote service.
            server: https://authn.example.com/authenticate # URL of remote service to query. 'https' recommended for production.
      # users refers to the API server's webhook configuration.
      users:
        - name: name-of-api-server
          user:
            client-certificate: pki/tls.crt # cert for the webhook plugin to use
            client-key: pki/tls.key         # key matching the cert
      # kubeconfig files require a context. Provide one for the API server.
      current-context: webhook
      contexts:
      - context:
          cluster: name-of-remote-authn-service
          user: name-of-api-server
        name: webhook
`
    expect(parse(text)).toEqual({
      server: 'https://authn.example.com/authenticate',
      caFile: join(folder, 'pki/ca.crt'),
      certFile: join(folder, 'pki/tls.crt'),
      keyFile: join(folder, 'pki/tls.key'),
    })
    expect(problemsOf(text.replace('user: name-of-api-server', 'user: name-of-api-sever'))).toEqual([
      'kubeconfig: contexts[0].context.user: Invalid value: there is no user "name-of-api-sever"; the users are "name-of-api-server"',
    ])
  })

  it('reads everything that a cluster can say', () => {
    const endpoint = parse(
      kubeconfig({
        server: 'https://10.0.0.1:6443/path?query',
        'certificate-authority-data': base64(pki.caPem),
        'tls-server-name': 'webhook.example',
        'proxy-url': 'http://proxy.example:3128',
        'disable-compression': true,
        extensions: [{ name: 'minikube', extension: { anything: 1 } }],
      }),
    )
    expect(endpoint).toEqual({
      server: 'https://10.0.0.1:6443/path?query',
      ca: pki.caPem,
      serverName: 'webhook.example',
      proxyUrl: 'http://proxy.example:3128',
    })
    expect(parse(kubeconfig({ 'insecure-skip-tls-verify': true })).insecureSkipTlsVerify).toBe(true)
  })

  it('reads data over several lines', () => {
    const lines = base64(pki.caPem).replaceAll(/(.{64})/g, '$1\n')
    expect(parse(kubeconfig({ 'certificate-authority-data': lines })).ca).toBe(pki.caPem)
  })

  it.each<[string, Fields, Endpoint['credential']]>([
    ['nothing', {}, undefined],
    ['null', { token: null, exec: null }, undefined],
    ['a token', { token: 't' }, { type: 'token', token: 't' }],
    ['a password', { username: 'u', password: 'p' }, { type: 'basic', username: 'u', password: 'p' }],
  ])('reads %s of a user', (_, user, expected) => {
    expect(parse(kubeconfig({}, user)).credential).toEqual(expected)
  })

  it('reads a token file, which goes before a token', () => {
    const path = join(folder, 'token')
    expect(parse(kubeconfig({}, { tokenFile: 'token' })).credential).toEqual({ type: 'tokenFile', path })
    expect(parse(kubeconfig({}, { tokenFile: path, token: 't' })).credential).toEqual({
      type: 'tokenFile',
      path,
      token: 't',
    })
    expect(problemsOf(kubeconfig({}, { tokenFile: 'later', token: 't' }))).toEqual([])
  })

  it('reads a client certificate besides a token', () => {
    const endpoint = parse(
      kubeconfig(
        {},
        {
          token: 't',
          'client-certificate-data': base64(client.chainPem),
          'client-key-data': base64(client.privateKeyPem),
        },
      ),
    )
    expect(endpoint).toMatchObject({
      credential: { type: 'token' },
      cert: client.chainPem,
      key: client.privateKeyPem,
    })
  })

  describe('takes the entries', () => {
    const clusters = ['', 'a', 'b'].map((name) => ({ name, cluster: { server: `https://${name}.example` } }))
    const users = ['', 'a', 'b'].map((name) => ({ name, user: { token: `of-${name}` } }))
    const contexts = [
      { name: 'x', context: { cluster: 'a', user: 'b', namespace: 'n' } },
      { name: 'y', context: { cluster: 'b' } },
    ]

    it.each<[string, Fields, string | undefined, string, string]>([
      ['without a name where no context is chosen', {}, undefined, 'https://.example', 'of-'],
      ['of the current context', { 'current-context': 'x' }, undefined, 'https://a.example', 'of-b'],
      ['of a context without a user', { 'current-context': 'y' }, undefined, 'https://b.example', 'of-'],
      ['of the context that was asked for', { 'current-context': 'x' }, 'y', 'https://b.example', 'of-'],
    ])('%s', (_, fields, context, server, token) => {
      const text = JSON.stringify({ clusters, users, contexts, ...fields })
      const endpoint = parse(text, context === undefined ? {} : { context })
      expect(endpoint).toEqual({ server, credential: { type: 'token', token } })
    })

    it('and asks for no credentials where there is no user', () => {
      expect(parse(JSON.stringify({ clusters, contexts, 'current-context': 'y' }))).toEqual({
        server: 'https://b.example',
      })
    })

    it('and goes without credentials where the user is missing, and that is allowed', () => {
      const [, y] = contexts
      const text = JSON.stringify({
        clusters,
        users: [{ name: 'name-of-api-server', user: { token: 't' } }],
        contexts: [{ name: 'x', context: { ...y?.context, user: 'name-of-api-sever' } }],
        'current-context': 'x',
      })
      expect(problemsOf(text)).toEqual([
        'kubeconfig: contexts[0].context.user: Invalid value: there is no user "name-of-api-sever"; the users are "name-of-api-server"',
      ])
      expect(parse(text, { allowMissingUser: true })).toEqual({ server: 'https://b.example' })
    })

    it('and cares about no other', () => {
      const others = {
        clusters: [...clusters, { name: 'broken', cluster: { server: 'x', 'certificate-authority': '/no' } }],
        users: [...users, { name: 'broken', user: { exec: { command: 'x' }, username: 'u', token: 't' } }],
      }
      expect(problemsOf(JSON.stringify({ ...others, contexts, 'current-context': 'x' }))).toEqual([])
    })
  })

  it.each<[string, Fields, readonly string[]]>([
    ['no server', { server: '' }, ['clusters[0].cluster.server: Required value: the cluster has no server']],
    ['http', { server: 'http://w' }, ['clusters[0].cluster.server: Invalid value: must be an https URL']],
    [
      'a password in the URL',
      { server: 'https://u:hunter2@w' },
      ['clusters[0].cluster.server: Invalid value: must not have credentials in it'],
    ],
    [
      'a number for a text',
      { server: 6443 },
      ['clusters[0].cluster.server: Invalid value: must be a string'],
    ],
    [
      'a text for a boolean',
      { 'insecure-skip-tls-verify': 'true' },
      ['clusters[0].cluster.insecure-skip-tls-verify: Invalid value: must be true or false'],
    ],
    ['a misspelt field', { 'tls-servername': 'w' }, ['clusters[0].cluster.tls-servername: Unknown field']],
    [
      'data that is not base64',
      { 'certificate-authority-data': 'hunter2!' },
      ['clusters[0].cluster.certificate-authority-data: Invalid value: must be base64'],
    ],
    [
      'data without its padding',
      { 'certificate-authority-data': 'aHVudGVyMg' },
      ['clusters[0].cluster.certificate-authority-data: Invalid value: must be base64'],
    ],
    [
      'data that is no certificate',
      { 'certificate-authority-data': base64('hunter2') },
      [
        'clusters[0].cluster.certificate-authority-data: Invalid value: unable to load root certificates: unable to parse bytes as PEM block',
      ],
    ],
    [
      'a key for an authority',
      { 'certificate-authority': 'pki/tls.key' },
      [
        'clusters[0].cluster.certificate-authority: Invalid value: unable to load root certificates: no valid certificate authority data seen',
      ],
    ],
    [
      'a broken certificate',
      {
        'certificate-authority-data': base64(
          '-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----',
        ),
      },
      [
        'clusters[0].cluster.certificate-authority-data: Invalid value: unable to load root certificates: failed to parse certificate 1 in it',
      ],
    ],
    [
      'another kind of proxy',
      { 'proxy-url': 'socks5://u:hunter2@proxy.example' },
      ['clusters[0].cluster.proxy-url: Invalid value: must be an http or https URL: SOCKS is not supported'],
    ],
  ])('refuses a cluster with %s', (_, cluster, expected) => {
    expect(problemsOf(kubeconfig(cluster))).toEqual(expected.map((text) => `kubeconfig: ${text}`))
  })

  it('refuses a cluster that names its authorities twice, or does not ask them', () => {
    const both = { 'certificate-authority': 'pki/ca.crt', 'certificate-authority-data': base64(pki.caPem) }
    expect(problemsOf(kubeconfig({ ...both, 'insecure-skip-tls-verify': true }))).toEqual([
      'kubeconfig: clusters[0].cluster.certificate-authority-data: Forbidden: certificate-authority-data and certificate-authority are both specified',
      'kubeconfig: clusters[0].cluster.insecure-skip-tls-verify: Invalid value: root certificates and insecureSkipTlsVerify are mutually exclusive',
    ])
  })

  it.each<[string, Fields, RegExp]>([
    ['a token and a password', { token: 't', username: 'u', password: 'p' }, /user: .*more than one auth/],
    ['a token file and a user name', { tokenFile: 'token', username: 'u' }, /user: .*more than one auth/],
    ['a password only', { password: 'hunter2' }, /user\.username: Required/],
    ['a colon in the user name', { username: 'hunter2:', password: 'p' }, /user\.username: Invalid/],
    ['a token of two lines', { token: 'hunter2\nx' }, /user\.token: Invalid/],
    ['a token that is a number', { token: 72_623_859 }, /user\.token: Invalid value: must be a string$/],
    ['a missing token file', { tokenFile: '/missing' }, /user\.tokenFile: Invalid .*\/missing/],
    ['a certificate only', { 'client-certificate': 'pki/tls.crt' }, /client-key-data or client-key must be/],
    ['a key only', { 'client-key': 'pki/tls.key' }, /user\.client-certificate: Required/],
    [
      'a certificate for a key',
      { 'client-certificate': 'pki/tls.crt', 'client-key': 'pki/tls.crt' },
      /client-key: .* tls: found a certificate rather than a key in the PEM for the private key/,
    ],
    [
      'a key for a certificate',
      { 'client-certificate': 'pki/tls.key', 'client-key': 'pki/tls.key' },
      /client-certificate: .* tls: failed to find certificate PEM data in .*, but did find a private key;/,
    ],
    [
      'no PEM for a certificate',
      { 'client-certificate-data': 'aHVudGVyMg==', 'client-key': 'pki/tls.key' },
      /client-certificate-data: .* tls: failed to find any PEM data in certificate input/,
    ],
    [
      'another PEM for a certificate',
      {
        'client-certificate-data': base64('-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----'),
        'client-key': 'pki/tls.key',
      },
      /client-certificate-data: .* tls: failed to find "CERTIFICATE" PEM block in certificate input/,
    ],
    [
      'no PEM for a key',
      { 'client-certificate': 'pki/tls.crt', 'client-key-data': 'aHVudGVyMg==' },
      /client-key-data: .* tls: failed to find any PEM data in key input/,
    ],
    [
      'a broken key',
      {
        'client-certificate': 'pki/tls.crt',
        'client-key-data': base64('-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----'),
      },
      /client-key-data: .* tls: failed to parse private key, or it is encrypted/,
    ],
    [
      'a key for another certificate',
      { 'client-certificate': 'pki/ca.crt', 'client-key': 'pki/tls.key' },
      /user\.client-key: Invalid value: tls: private key does not match public key/,
    ],
    [
      'two certificates',
      { 'client-certificate': 'a', 'client-certificate-data': 'aHVudGVyMg==', 'client-key': 'pki/tls.key' },
      /client-certificate-data and client-certificate are both/,
    ],
    ['a plug-in', { exec: { command: 'hunter2' } }, /user\.exec: Forbidden: plug-ins are not supported/],
    ['a provider', { 'auth-provider': { name: 'oidc' } }, /user\.auth-provider: Forbidden/],
    ['impersonation', { as: 'jane', 'as-groups': ['g'] }, /user\.as: Forbidden/],
    ['groups without a user', { 'as-groups': ['g'] }, /user\.as-groups: .*without impersonating a user/],
    ['a misspelt field', { tokn: 'hunter2' }, /user\.tokn: Unknown field$/],
    ['a field that is none', { 'token:hunter2': null }, /user\.\?: Unknown field$/],
  ])('refuses a user with %s', (_, user, expected) => {
    const problems = problemsOf(kubeconfig({}, user))
    expect(problems[0]).toMatch(expected)
    expect(problems.join()).not.toMatch(/hunter2|72623859|aHVudGVyMg/)
  })

  it.each<[string, string, RegExp]>([
    ['nothing', '', /current-context: Required value: no configuration has been provided/],
    ['a comment', '# nothing', /no configuration has been provided/],
    ['a list', '[]', /must be an object/],
    ['a text', 'hunter2', /must be an object/],
    ['another kind', kubeconfig({}, {}, { kind: 'Secret' }), /kind: Unsupported value: .*"Config"/],
    ['another version', kubeconfig({}, {}, { apiVersion: 'v2' }), /apiVersion: Unsupported value/],
    ['an unknown field', kubeconfig({}, {}, { context: 'x' }), /: context: Unknown field/],
    ['two documents', `${kubeconfig({})}\n---\n${kubeconfig({})}`, /one document/],
    ['no YAML', 'clusters: "hunter2', /missing/],
    ['a repeated field', 'token: hunter2\ntoken: hunter2', /unique/],
    [
      'no current context',
      kubeconfig({}, {}, { 'current-context': '' }),
      /current-context: Required value: no configuration has been provided: there is no current context/,
    ],
    [
      'a context that is missing',
      kubeconfig({}, {}, { 'current-context': 'y' }),
      /current-context: .* context was not found for specified context: "y"/,
    ],
    [
      'a context without a cluster',
      kubeconfig({}, {}, { contexts: [{ name: 'x', context: {} }] }),
      /contexts\[0\]\.context\.cluster: Required value: no configuration has been provided/,
    ],
    [
      'a context with a cluster that is missing',
      kubeconfig({}, {}, { contexts: [{ name: 'x', context: { cluster: 'd' } }] }),
      /contexts\[0\]\.context\.cluster: Required value: no configuration .*no cluster "d"/,
    ],
    [
      'two users of a name',
      kubeconfig({}, {}, { users: [{ name: 'u' }, { name: 'u' }] }),
      /users\[1\]\.name: Duplicate value/,
    ],
    ['a user that is a text', kubeconfig({}, {}, { users: ['hunter2'] }), /users\[0\]: .*an object/],
  ])('refuses %s', (_, text, expected) => {
    const problems = problemsOf(text)
    expect(problems.join('\n')).toMatch(expected)
    expect(problems.join('\n')).not.toContain('hunter2')
  })

  it('tells everything at once', () => {
    const text = kubeconfig(
      { server: 'http://w', 'certificate-authority': '/missing/ca', typo: 1 },
      { tokenFile: '/missing/token', 'client-certificate': 'pki/tls.crt', exec: {} },
      { kind: 'X' },
    )
    expect(problemsOf(text, { source: 'w.yaml' }).map((each) => each.split(': ', 2).join(': '))).toEqual([
      'w.yaml: kind',
      'w.yaml: clusters[0].cluster.typo',
      'w.yaml: users[0].user.client-key',
      'w.yaml: users[0].user.exec',
      'w.yaml: clusters[0].cluster.server',
      'w.yaml: clusters[0].cluster.certificate-authority',
      'w.yaml: users[0].user.tokenFile',
    ])
  })

  it('takes http where that is asked for', () => {
    const text = kubeconfig({ server: 'http://w' })
    expect(parse(text, { allowInsecureHttp: true }).server).toBe('http://w')
    expect(problemsOf(kubeconfig({ server: 'ftp://w' }), { allowInsecureHttp: true })).toHaveLength(1)
  })

  it('returns an endpoint or throws a ConfigurationError, whatever it is given', () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>('x', 'https://w', 'hunter2', 5, true, null, [], {}, ['hunter2'], { a: 1 }),
      fc.string(),
    )
    const fields = (names: readonly string[]): fc.Arbitrary<unknown> =>
      fc.oneof(value, fc.dictionary(fc.constantFrom(...names, 'hunter2:'), value))
    const list = (field: string, names: readonly string[]): fc.Arbitrary<unknown> =>
      fc.oneof(value, fc.array(fc.record({ name: fc.constantFrom('x', ''), [field]: fields(names) })))
    const anything = fc.record(
      {
        clusters: list('cluster', ['server', 'certificate-authority', 'proxy-url', 'tls-server-name']),
        users: list('user', ['token', 'tokenFile', 'username', 'password', 'client-key-data', 'exec']),
        contexts: list('context', ['cluster', 'user']),
        'current-context': value,
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          anything.map((each) => JSON.stringify(each)),
          fc.string(),
        ),
        (text) => {
          for (const problem of problemsOf(text)) {
            // Paths and the names of contexts and entries are shown, since they are not secrets.
            if (!/context|path|there is no|users are|ENOENT/.test(problem))
              expect(problem).not.toContain('hunter2')
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('readKubeconfig', () => {
  it('starts relative paths from the folder of the file, not of the process', () => {
    const path = join(folder, 'config')
    writeFileSync(path, kubeconfig({ 'certificate-authority': 'pki/ca.crt' }, { tokenFile: './token' }))
    expect(readKubeconfig(path)).toEqual({
      server: 'https://webhook.example',
      caFile: join(folder, 'pki/ca.crt'),
      credential: { type: 'tokenFile', path: join(folder, 'token') },
    })
  })

  it('names the file and the field', () => {
    const path = join(folder, 'config')
    writeFileSync(path, kubeconfig({ 'certificate-authority': 'pki/missing.crt' }))
    expect(() => readKubeconfig(path)).toThrow(
      `${path}: clusters[0].cluster.certificate-authority: Invalid value: unable to load root certificates: `,
    )
    expect(() => readKubeconfig(path)).toThrow(join(folder, 'pki/missing.crt'))
  })

  it.each([
    ['is missing', () => join(folder, 'missing'), /missing: no such file or directory/],
    ['is a folder', () => folder, /not a regular file|EISDIR/],
    [
      'is too large',
      () => {
        writeFileSync(join(folder, 'large'), '#'.repeat(1_048_577))
        return join(folder, 'large')
      },
      /larger than/,
    ],
    [
      'is not UTF-8',
      () => {
        writeFileSync(join(folder, 'binary'), Buffer.from([0xff, 0xfe, 0x00]))
        return join(folder, 'binary')
      },
      /not UTF-8/,
    ],
  ])('refuses a file that %s', (_, path, expected) => {
    expect(() => readKubeconfig(path())).toThrow(ConfigurationError)
    expect(() => readKubeconfig(path())).toThrow(expected)
  })
})
