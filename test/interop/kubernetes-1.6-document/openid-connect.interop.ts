import { readFileSync } from 'node:fs'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openBrowser } from '../browser.ts'
import { has } from '../components.ts'
import { CLIENT_SECRET, people, REDIRECT_URI } from '../identity-provider.ts'
import { type PlugInIssuer, plugInIssuer, SECRET_CLIENT } from '../plug-in-issuer.ts'
import { makeScratch, type Scratch } from '../scratch.ts'
import { type Cluster, clientOf, startCluster } from './cluster.ts'
import { kubectlOf, RELEASES } from './releases.ts'

/** What a login returns. */
interface Tokens {
  readonly id_token: string
  readonly refresh_token: string
}

/** Logs jane in as a web app does, and keeps what a command needs for later. */
async function logIn(issuer: PlugInIssuer, ca: string): Promise<Tokens> {
  const request = new URLSearchParams({
    client_id: SECRET_CLIENT,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid offline_access groups',
    prompt: 'consent',
    state: crypto.randomUUID(),
  })
  const back = await issuer.logIn(people.jane, `${issuer.issuer}/auth?${String(request)}`)
  const code = new URL(back).searchParams.get('code') ?? ''
  const credentials = Buffer.from(`${SECRET_CLIENT}:${CLIENT_SECRET}`).toString('base64')
  const browser = openBrowser(ca)
  try {
    const { body } = await browser.visit(`${issuer.issuer}/token`, {
      form: { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI },
      headers: { authorization: `Basic ${credentials}` },
    })
    return JSON.parse(body) as Tokens
  } finally {
    browser.close()
  }
}

describe.runIf(has('curl', 'unzip'))('OpenID Connect', () => {
  let scratch: Scratch
  let issuer: PlugInIssuer
  let ca: string
  let cluster: Cluster

  beforeAll(async () => {
    scratch = makeScratch()
    const pki = await createPki({ commonName: 'providers' })
    ca = pki.caPem
    issuer = await plugInIssuer(pki)
    cluster = await startCluster(scratch, 'data', [
      `--oidc-issuer-url=${issuer.issuer}`,
      `--oidc-client-id=${SECRET_CLIENT}`,
      `--oidc-ca-file=${scratch.write('provider-ca.pem', ca)}`,
      '--oidc-username-claim=sub',
      '--oidc-groups-claim=groups',
    ])
    const admin = clientOf(scratch, cluster, await kubectlOf('1.32'))
    await admin.done('create clusterrole nodes --verb=get,list --resource=nodes')
    await admin.done('create clusterrolebinding nodes --clusterrole=nodes --group=dev')
    await admin.done(
      'create -f -',
      JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'mynode' } }),
    )
  })
  afterAll(async () => {
    await cluster.stop()
    await issuer.close()
    scratch.remove()
  })

  describe.each(RELEASES)('with kubectl %s', (release) => {
    it('takes an id_token as an option', async () => {
      const { id_token: token } = await logIn(issuer, ca)
      const client = clientOf(scratch, cluster, await kubectlOf(release), {})
      await vi.waitFor(async () =>
        expect(await client.done(`--token=${token} get nodes`)).toContain('mynode'),
      )
      const { stderr } = await client.kubectl(`--token=${token} get secrets`)
      // The issuer and # come before the name, as for every claim but email.
      expect(stderr).toContain(`User "${issuer.issuer}#jane" cannot list resource "secrets"`)
    })

    it('refreshes the id_token with --auth-provider=oidc, and writes the new one down', async () => {
      issuer.setLifetime(1)
      const { id_token: old, refresh_token: refresh } = await logIn(issuer, ca)
      issuer.setLifetime(600)
      const client = clientOf(scratch, cluster, await kubectlOf(release), {})
      const settings = [
        'config',
        'set-credentials',
        'mmosley',
        '--auth-provider=oidc',
        `--auth-provider-arg=idp-issuer-url=${issuer.issuer}`,
        `--auth-provider-arg=client-id=${SECRET_CLIENT}`,
        `--auth-provider-arg=client-secret=${CLIENT_SECRET}`,
        `--auth-provider-arg=refresh-token=${refresh}`,
        `--auth-provider-arg=idp-certificate-authority=${scratch.path('provider-ca.pem')}`,
        '--auth-provider-arg=extra-scopes=groups',
        `--auth-provider-arg=id-token=${old}`,
      ]
      expect(await client.done(settings)).toContain('User "mmosley" set.')
      expect(await client.done('--user=mmosley get nodes')).toContain('mynode')
      const kubeconfig = readFileSync(client.kubeconfig, 'utf8')
      expect(kubeconfig).not.toContain(old)
      expect(kubeconfig).toMatch(/id-token: "?ey/)
      expect(issuer.grants.at(-1)).toBe('refresh_token')
    })
  })
})
