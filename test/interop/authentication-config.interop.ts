import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ConfigurationError } from '@kube-authn/core'
import { createAuthenticator, createFetch, type HttpFetch } from '@kube-authn/node'
import { type CertificateAuthority, createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { PATIENCE_MS } from '../patience.ts'
import { has } from './components.ts'
import { documented } from './documented.ts'
import { glewlwyd } from './glewlwyd.ts'
import { clientFor, type IdentityProvider, people, type Person } from './identity-provider.ts'
import { oidcProvider } from './oidc-provider.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const { jane, mallory } = people
const main = fileURLToPath(new URL('../../examples/authentication-config/dist/main.js', import.meta.url))

describe.runIf(has('glewlwyd', 'setpriv', 'sqlite'))('a file of --authentication-config', () => {
  let pki: CertificateAuthority
  let scratch: Scratch
  let providers: readonly [IdentityProvider, IdentityProvider]
  let fetch: HttpFetch
  let origin: string
  let flags: readonly string[]
  const open: (() => unknown)[] = []
  /** The file of the page, with the addresses and certificates of these providers. */
  const text = (): string =>
    documented(
      'By a file',
      'yaml',
      {
        'https://issuer.example.com': providers[0].issuer,
        'https://issuer.internal.example.com': providers[0].issuer,
        'https://login.example.org/realms/shop': providers[1].issuer,
        'my-app': clientFor.RS256,
        'my-cli': clientFor.ES256,
        '-----BEGIN CERTIFICATE-----\n        ...\n        -----END CERTIFICATE-----': pki.caPem
          .trim()
          .replaceAll('\n', '\n        '),
      },
      'tokens.md',
    )

  beforeAll(async () => {
    pki = await createPki()
    scratch = makeScratch()
    providers = [await oidcProvider({ pki }), await glewlwyd({ pki })]
    open.push(scratch.remove, ...providers.map(({ close }) => close))
    for (const each of providers) await each.start()
    const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['localhost'] })
    flags = [
      '--secure-port=0',
      `--tls-cert-file=${scratch.write('tls.crt', chainPem)}`,
      `--tls-private-key-file=${scratch.write('tls.key', privateKeyPem)}`,
    ]
    const file = scratch.write('authentication.yaml', text())
    const app = spawn(process.execPath, [main, ...flags, `--authentication-config=${file}`])
    open.push(() => app.kill())
    let output = ''
    const say = (data: unknown): void => void (output += String(data))
    app.stdout?.on('data', say)
    app.stderr?.on('data', say)
    await vi.waitFor(() => expect(output).toContain('/whoami'))
    origin = /https:\/\/localhost:\d+/.exec(output)?.[0] ?? ''
    fetch = createFetch({ ca: pki.caPem })
    open.push(fetch.close)
    const isReady = async (): Promise<void> => expect((await fetch(`${origin}/readyz`)).status).toBe(200)
    await vi.waitFor(isReady)
  })
  afterAll(async () => {
    for (const close of open.splice(0).toReversed()) await close()
  })

  const whoami = async (token: string): Promise<unknown> => {
    const response = await fetch(`${origin}/whoami`, { headers: { authorization: `Bearer ${token}` } })
    return response.status === 200 ? response.json() : response.status
  }

  it.each<[string, 0 | 1, 'RS256' | 'ES256', Person, unknown]>([
    [
      'jane of the first provider',
      0,
      'RS256',
      jane,
      {
        username: 'oidc:jane',
        groups: ['oidc:admin', 'oidc:dev', 'system:authenticated'],
        uid: 'jane',
        extra: { 'example.com/team': ['shop'] },
      },
    ],
    [
      'jane of the second one',
      1,
      'ES256',
      jane,
      {
        username: 'shop:jane@example.com',
        groups: ['shop:admin', 'shop:dev', 'system:authenticated'],
        uid: '',
        extra: {},
      },
    ],
    ['unauthenticated, by a token for another app', 1, 'RS256', jane, 401],
    ['unauthenticated, by a token that a rule forbids', 0, 'ES256', mallory, 401],
    ['unauthenticated, by a token without the required claim', 1, 'ES256', mallory, 401],
  ])('unchanged, makes %s', async (_, index, algorithm, person, expected) => {
    const answer = await whoami(await providers[index].logIn(person, algorithm))
    expect(answer).toEqual(expected)
  })

  it.each<[string, (text: string) => string, readonly string[]]>([
    [
      'an issuer without TLS',
      replaced('url: https', 'url: http'),
      ['jwt[0].issuer.url: Invalid value: "http://127.0.0.1:PORT": URL scheme must be https'],
    ],
    [
      'an issuer that is there twice',
      inSecond((yaml) => yaml.replace(/url: .*/, `url: ${providers[0].issuer}`)),
      ['jwt[1].issuer.url: Duplicate value: "https://127.0.0.1:PORT"'],
    ],
    [
      'certificates that are none',
      (yaml) => yaml.replace(/-----BEGIN[^]*?END CERTIFICATE-----/, 'nothing'),
      [
        'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates',
      ],
    ],
    [
      'audiences without a policy',
      replaced('      audienceMatchPolicy: MatchAny\n', ''),
      [
        'jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
      ],
    ],
    [
      'no audience',
      inSecond(replaced('audiences: [ec-app]', 'audiences: []')),
      ['jwt[1].issuer.audiences: Required value: at least one jwt[1].issuer.audiences is required'],
    ],
    [
      'a claim without a prefix',
      inSecond(replaced("        prefix: 'shop:'\n", '')),
      [
        'jwt[1].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing',
      ],
    ],
    ['an unverified address', replaced('claims.email_verified == true', '"true"'), [UNVERIFIED]],
    [
      'an expression that is no condition',
      replaced('claims.email_verified == true', 'claims.email_verified'),
      [
        'jwt[0].claimValidationRules[0].expression: Invalid value: "claims.email_verified": must evaluate to bool',
        UNVERIFIED,
      ],
    ],
    [
      'an expression about something that is not there',
      replaced('claims.exp', 'user.exp'),
      [
        `jwt[0].claimValidationRules[1].expression: Invalid value: "user.exp - claims.iat <= 86400": compilation failed: ERROR: <input>:1:1: undeclared reference to 'user' (in container '')
 | user.exp - claims.iat <= 86400
 | ^`,
      ],
    ],
    [
      'a key of Kubernetes',
      replaced('key: example.com', 'key: kubernetes.io'),
      [
        'jwt[0].claimMappings.extra[0].key: Invalid value: "kubernetes.io/team": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use',
      ],
    ],
    [
      'a misspelt field',
      inSecond(replaced('requiredValue', 'requiredvalue')),
      [
        'FILE: jwt[1].claimValidationRules[0].requiredvalue: strict decoding error: unknown field "jwt[1].claimValidationRules[0].requiredvalue"',
      ],
    ],
    [
      'another version',
      replaced('k8s.io/v1', 'k8s.io/v2'),
      [
        'FILE: no kind "AuthenticationConfiguration" is registered for version "apiserver.config.k8s.io/v2": ' +
          'must be an AuthenticationConfiguration of apiserver.config.k8s.io/v1, apiserver.config.k8s.io/v1beta1, apiserver.config.k8s.io/v1alpha1',
      ],
    ],
  ])('with %s is refused in the words of Kubernetes', (what, edit, lines) => {
    const file = scratch.write(`${what}.yaml`, edit(text()))
    const said = problemsOf(file).map((line) =>
      line.replaceAll(/:\d{4,5}\b/g, ':PORT').replaceAll(file, 'FILE'),
    )
    expect(said).toEqual(lines.map((line) => `authenticationConfig: ${line}`))
  })

  it('with two mistakes keeps the app from starting, which tells both', async () => {
    const wrong = inSecond(replaced('claim: team', 'claim: ""'))(
      replaced('k8s.io/v1', 'k8s.io/v1beta1')(text()),
    )
    const file = scratch.write('wrong.yaml', replaced('[rsa-app, ec-app]', '[ec-app, ec-app]')(wrong))
    const { code, stderr } = await run([...flags, `--authentication-config=${file}`])
    expect({ code, lines: stderr.trim().split('\n') }).toEqual({
      code: 1,
      lines: [
        'authenticationConfig: jwt[0].issuer.audiences[1]: Duplicate value: "ec-app"',
        'authenticationConfig: jwt[1].claimValidationRules[0]: Required value: claim or expression is required',
      ],
    })
  })
})

const UNVERIFIED = [
  String.raw`jwt[0].claimMappings.username.expression: Invalid value: "\"oidc:\" + claims.email.split(\"@\")[0]":`,
  'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or',
  'claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
].join(' ')

/** Replaces the first occurrence of a string, which must exist. */
function replaced(from: string, to: string): (text: string) => string {
  return (text) => {
    if (!text.includes(from)) throw new Error(`there is no ${from}`)
    return text.replace(from, to)
  }
}

/** An edit of the second issuer only. */
function inSecond(edit: (text: string) => string): (text: string) => string {
  return (text) => {
    const at = text.lastIndexOf('- issuer:')
    return text.slice(0, at) + edit(text.slice(at))
  }
}

/** The problems of a file, one per line. */
function problemsOf(file: string): readonly string[] {
  try {
    createAuthenticator({ authenticationConfig: file }).close()
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

/** The output of the app before it exits. */
function run(args: readonly string[]): Promise<{ readonly code: unknown; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { timeout: PATIENCE_MS }, (error, _, stderr) =>
      resolve({ code: error?.code, stderr }),
    )
  })
}
