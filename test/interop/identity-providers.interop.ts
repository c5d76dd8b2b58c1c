import { createFetch } from '@kube-authn/node'
import { authenticatorFromFlags } from '@kube-authn/node/flags'
import { type CertificateAuthority, createPki, fakeRequest } from '@kube-authn/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { has } from './components.ts'
import { configuredApp, type ConfiguredApp, type ConfiguredAppOptions } from './configured-app.ts'
import { glewlwyd } from './glewlwyd.ts'
import { type Algorithm, clientFor, type IdentityProvider, people } from './identity-provider.ts'
import { oidcProvider } from './oidc-provider.ts'
import { makeScratch } from './scratch.ts'
import { startTraffic, type Traffic } from './traffic.ts'

const { jane, mallory } = people
const algorithms = ['RS256', 'ES256'] as const satisfies readonly Algorithm[]
const names = ['oidc-provider', 'glewlwyd'] as const
type Name = (typeof names)[number]
/** Discovery is retried every ten seconds. */

describe.runIf(has('glewlwyd', 'setpriv', 'sqlite'))('identity providers', () => {
  const scratch = makeScratch()
  let pki: CertificateAuthority
  let caFile: string
  let providers: Readonly<Record<Name, IdentityProvider>>
  /** Apps that start before their providers. */
  let early: Readonly<Record<Name, ConfiguredApp>>
  const open: { close(): Promise<void> }[] = []

  /** An app with these providers. */
  const start = async (
    some: readonly IdentityProvider[],
    { groups, ...options }: Omit<ConfiguredAppOptions, 'pki'> & { readonly groups?: string } = {},
  ): Promise<ConfiguredApp> => {
    const app = await configuredApp(configurationOf(some, pki, groups), { pki, ...options })
    open.push(app)
    await vi.waitUntil(() => app.health().length === 0)
    return app
  }

  beforeAll(async () => {
    pki = await createPki()
    caFile = scratch.write('ca.crt', pki.caPem)
    providers = { 'oidc-provider': await oidcProvider({ pki }), glewlwyd: await glewlwyd({ pki }) }
    const earlyApp = (name: Name): Promise<ConfiguredApp> =>
      configuredApp(configurationOf([providers[name]], pki), { pki, unavailableStatus: 503 })
    early = { 'oidc-provider': await earlyApp('oidc-provider'), glewlwyd: await earlyApp('glewlwyd') }
    await vi.waitUntil(() =>
      names.every((name) => early[name].health()[0]?.includes('not initialized') === false),
    )
    for (const name of names) await providers[name].start()
  })
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close()
    for (const name of names) await providers[name].start()
  })
  afterAll(async () => {
    for (const name of names) {
      await early[name].close()
      await providers[name].close()
    }
    scratch.remove()
  })

  describe.each(names)('%s', (name) => {
    describe.each(algorithms)('with %s', (algorithm) => {
      it.each([
        ['a list', 'groups', ['admin', 'dev']],
        ['a text', 'team', ['shop']],
      ])('makes users, with groups as %s', async (_, claim, groups) => {
        const token = await providers[name].logIn(jane, algorithm)
        expect(headerOf(token)).toMatchObject({ alg: algorithm })
        const app = await start([providers[name]], { groups: claim })
        expect(await app.ask(token)).toEqual(userOf(jane, groups))
      })

      it.each(['groups', 'team'])(
        'refuses a user that a rule forbids, with groups from %s',
        async (groups) => {
          const app = await start([providers[name]], { groups })
          expect(await app.ask(await providers[name].logIn(mallory, algorithm))).toBe(401)
          expect(app.lastError()).toMatchObject({
            code: 'rejected',
            message: expect.stringContaining("failed: groups of the system are not the provider's to give"),
          })
        },
      )
    })

    it('changes its keys while requests flow, and no valid token is refused', async () => {
      const { answered, refused } = await rotatedUnderTraffic(providers[name])
      expect(refused).toEqual([])
      expect(answered).toBeGreaterThan(150)
    })

    it('may be named by flags, which take RS256 only', async () => {
      const provider = providers[name]
      const authenticator = await authenticatorFromFlags([
        `--oidc-issuer-url=${provider.issuer}`,
        `--oidc-client-id=${clientFor.RS256}`,
        `--oidc-ca-file=${caFile}`,
        '--oidc-username-claim=email',
        '--oidc-groups-claim=groups',
        '--oidc-groups-prefix=oidc:',
      ])
      const ask = async (algorithm: Algorithm) => {
        const authorization = `Bearer ${await provider.logIn(jane, algorithm)}`
        return authenticator.authenticate(fakeRequest({ headers: [['Authorization', authorization]] }), {})
      }
      try {
        expect((await ask('RS256'))?.user).toMatchObject(userOf(jane, ['oidc:admin', 'oidc:dev']))
        await expect(ask('ES256')).rejects.toThrow(
          'oidc: verify token: oidc: id token signed with unsupported algorithm, expected ["RS256"] got "ES256"',
        )
      } finally {
        authenticator.close()
      }
    })

    it('withdraws a key, which ends when its successor is seen', async () => {
      const provider = providers[name]
      const app = await start([provider], { tokenCache: false })
      const old = await provider.logIn(jane, 'RS256')
      expect(await app.ask(old)).toEqual(userOf(jane))
      await provider.rotate({ withdrawOthers: true })
      expect(await app.ask(await provider.logIn(jane, 'RS256'))).toEqual(userOf(jane))
      expect(await app.ask(old)).toBe(401)
      expect(app.lastError()).toMatchObject({ code: 'rejected' })
    })

    it('goes down: known keys verify, others are an outage, which is over by itself when it is back', async () => {
      const provider = providers[name]
      const [app, plain] = await Promise.all([
        start([provider], { unavailableStatus: 503 }),
        start([provider]),
      ])
      for (const each of [app, plain]) await each.ask(await provider.logIn(jane, 'RS256'))
      // These tokens were not used before, so they are in no cache.
      const [known, alsoKnown] = [await provider.logIn(jane, 'RS256'), await provider.logIn(jane, 'ES256')]
      await provider.rotate()
      const unknown = await provider.logIn(jane, 'RS256')
      await provider.stop()

      expect(await app.ask(known)).toEqual(userOf(jane))
      expect(await app.ask(alsoKnown)).toEqual(userOf(jane))
      expect([await app.ask(unknown), await plain.ask(unknown)]).toEqual([503, 401])
      expect(plain.lastError()).toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('oidc: verify token: failed to verify signature: fetching keys '),
      })

      await provider.start()
      const isBack = async (): Promise<void> => expect(await app.ask(unknown)).toEqual(userOf(jane))
      await vi.waitFor(isBack)
    })
  })

  it('may let their keys be kept for an hour, and change them nevertheless', async () => {
    const provider = await oidcProvider({ pki, cacheControl: 'public, max-age=3600' })
    open.push(provider)
    await provider.start()
    const fetch = createFetch({ ca: pki.caPem })
    const { headers } = await fetch(`${provider.issuer}/jwks`)
    fetch.close()
    expect(headers.get('cache-control')).toBe('public, max-age=3600')
    expect(await rotatedUnderTraffic(provider)).toMatchObject({ refused: [] })
  })

  /** Old tokens are used together with new ones, of keys that the app has not seen. */
  async function rotatedUnderTraffic(provider: IdentityProvider): ReturnType<Traffic['stop']> {
    const app = await start([provider], { tokenCache: false })
    const traffic = startTraffic(app)
    const kids = new Set<string>()
    for (let rotations = 0; rotations < 3; rotations++) {
      if (rotations > 0) await provider.rotate()
      for (const algorithm of algorithms) {
        const token = await provider.logIn(jane, algorithm)
        kids.add(headerOf(token).kid)
        traffic.add(token)
      }
      await traffic.flow(50)
    }
    expect(kids.size).toBe(6)
    return traffic.stop()
  }

  describe('a file that changes', () => {
    it('may get another provider, whose tokens count then too', async () => {
      const [first, second] = [providers['oidc-provider'], providers.glewlwyd]
      const app = await start([first])
      const tokens = [await first.logIn(jane, 'RS256'), await second.logIn(jane, 'RS256')] as const
      expect([await app.ask(tokens[0]), await app.ask(tokens[1])]).toEqual([userOf(jane), 401])
      expect(await app.configure(configurationOf([first, second], pki))).toMatchObject({ outcome: 'loaded' })
      for (const token of tokens) expect(await app.ask(token)).toEqual(userOf(jane))
    })

    it('does not count while one of its providers is out of reach', async () => {
      const [first, second] = [providers['oidc-provider'], providers.glewlwyd]
      const app = await start([first], { tokenCache: false })
      const token = await second.logIn(jane, 'ES256')
      await second.stop()
      const { outcome, message } = await app.configure(configurationOf([first, second], pki, 'team'))
      expect(outcome).toBe('failed')
      expect(message).toContain(`oidc: authenticator for issuer "${second.issuer}" is not healthy: `)
      expect(await app.ask(await first.logIn(jane, 'RS256'))).toEqual(userOf(jane))
      expect(await app.ask(token)).toBe(401)

      await second.start()
      await app.configure(`${configurationOf([first, second], pki, 'team')}# Now it is there.\n`)
      expect(await app.ask(await first.logIn(jane, 'RS256'))).toEqual(userOf(jane, ['shop']))
      expect(await app.ask(token)).toEqual(userOf(jane, ['shop']))
    })
  })

  // Last, since this takes ten seconds from the start.
  it.each(names)('%s is found by an app that was there before it', async (name) => {
    const token = await providers[name].logIn(jane, 'RS256')
    await vi.waitUntil(() => early[name].health().length === 0)
    expect(await early[name].ask(token)).toEqual(userOf(jane))
  })
})

/** As kube-apiserver expects it. */
function configurationOf(
  providers: readonly IdentityProvider[],
  { caPem }: CertificateAuthority,
  groups = 'groups',
): string {
  const issuers = providers.map(
    ({ issuer }) => `
- issuer:
    url: ${issuer}
    audiences:
    - ${clientFor.RS256}
    - ${clientFor.ES256}
    audienceMatchPolicy: MatchAny
    certificateAuthority: |
${caPem.replaceAll(/^/gm, '      ')}
  claimMappings:
    username:
      claim: email
      prefix: ""
    groups:
      claim: ${groups}
      prefix: ""
  userValidationRules:
  - expression: "!user.groups.exists(group, group.startsWith('system:'))"
    message: groups of the system are not the provider's to give
`,
  )
  return `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt:${issuers.join('')}`
}

/** A user, with the group of all authenticated users. */
function userOf({ email }: { readonly email: string }, groups: readonly string[] = jane.groups): object {
  return { username: email, groups: [...groups, 'system:authenticated'] }
}

function headerOf(token: string): { readonly alg: string; readonly kid: string } {
  const text = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()
  return JSON.parse(text) as ReturnType<typeof headerOf>
}
