import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { privilegedGroups, unionAuthorizer } from '@kube-authn/core/authorization'
import { authentication, authorization, getUser } from '@kube-authn/express'
import { createAuthenticator, verificationKeysAt } from '@kube-authn/node'
import { revocations, storedBootstrapTokens, storedRbac, storedServiceAccounts } from '@kube-authn/server'
import type { ObjectStore } from '@kube-authn/store'
import { etcdObjectStore } from '@kube-authn/store/etcd'
import { postgresObjectStore } from '@kube-authn/store/postgres'
import express from 'express'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type PathFetch, type Served, startServeProcess } from '../../packages/server/test/served.ts'
import { has } from './components.ts'
import { startEtcd } from './etcd.ts'
import { startPostgres } from './postgres.ts'
import { makeScratch, type Scratch } from './scratch.ts'

/** An engine that can be taken away. */
interface Engine {
  /** For `--store`. */
  readonly url: string
  open(): Promise<ObjectStore>
  kill(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

const ENGINES: readonly [string, boolean, (scratch: Scratch) => Promise<Engine>][] = [
  [
    'PostgreSQL',
    has('postgres', 'setpriv'),
    async (scratch) => {
      const server = await startPostgres(scratch)
      const open = () => postgresObjectStore({ connectionString: server.url, timeoutSeconds: 2 })
      return { ...server, open }
    },
  ],
  [
    'etcd',
    has('etcd', 'setpriv'),
    async (scratch) => {
      const etcd = await startEtcd(scratch, 'etcd')
      const open = () =>
        etcdObjectStore({ endpoints: [etcd.url], allowInsecureHttp: true, timeoutSeconds: 2 })
      return { ...etcd, url: etcd.url.replace('http', 'etcd+http'), open }
    },
  ],
]

const ISSUER = 'https://issuer.example.com'
const STALENESS_SECONDS = 8

/** An app with a chain of its own over the store. It answers with the name of the user. */
async function startApp(store: ObjectStore, keyFile: string, tokenFile: string) {
  const options = { store, maxStalenessSeconds: STALENESS_SECONDS }
  const [objects, bootstrapTokens, rbac, revoked, keys] = await Promise.all([
    storedServiceAccounts(options),
    storedBootstrapTokens(options),
    storedRbac(options),
    revocations({ store, maxStalenessSeconds: 3600 }),
    verificationKeysAt([keyFile]),
  ])
  const authenticator = createAuthenticator({
    tokenFile,
    serviceAccounts: { issuers: [ISSUER], keys: keys.current, objects },
    bootstrapTokens,
    revocations: revoked,
    log: false,
  })
  const app = express()
  app.use(authentication(authenticator))
  app.use(authorization(unionAuthorizer(privilegedGroups('system:masters'), rbac)))
  app.get('/cart', (req, res) => void res.send(getUser(req).username))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    keys.close()
    authenticator.close()
    await Promise.all([objects, bootstrapTokens, rbac, revoked].map((each) => each.close()))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cart`
  /** The status, and with 200 the user. */
  return async (token: string): Promise<string> => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    const text = await response.text()
    return response.status === 200 ? text : String(response.status)
  }
}

/** Repeats a question until it has this answer. */
async function until(expected: string | number, ask: () => Promise<string | number>): Promise<void> {
  await vi.waitFor(async () => expect(await ask()).toBe(expected))
}

async function post(admin: PathFetch, path: string, body: object): Promise<Readonly<Record<string, never>>> {
  const response = await admin(path, { method: 'POST', body })
  expect(response.status).toBe(201)
  return (await response.json()) as Readonly<Record<string, never>>
}

const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'

/** An account that may ask the app, and its token. */
async function createAccount({ admin }: Served, name: string): Promise<string> {
  await post(admin, ACCOUNTS, { metadata: { name } })
  await post(admin, `${RBAC}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'shoppers' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'default', name }],
  })
  const spec = { audiences: [ISSUER], expirationSeconds: 3600 }
  const { status } = await post(admin, `${ACCOUNTS}/${name}/token`, { spec })
  return String((status as { readonly token?: string } | undefined)?.token)
}

describe.each(ENGINES)('an Express app and kube-authn serve over one %s', (_, isThere, start) => {
  const scratch = makeScratch()
  afterAll(() => scratch.remove())

  it.runIf(isThere)(
    'accept what the other creates, refuse what it deletes, and live without the engine',
    async () => {
      const engine = await start(scratch)
      onTestFinished(() => engine.close())
      const served = await startServeProcess([
        `--store=${engine.url}`,
        `--service-account-issuer=${ISSUER}`,
        '--enable-bootstrap-token-auth',
      ])
      const { admin } = served
      const store = await engine.open()
      onTestFinished(() => store.close())
      const tokenFile = scratch.write('tokens.csv', 'static,ops,1,"system:masters"\n')
      const ask = await startApp(store, join(served.dataDir, 'pki/sa.pub'), tokenFile)
      await post(admin, `${RBAC}/clusterroles`, {
        metadata: { name: 'shoppers' },
        rules: [{ verbs: ['get'], nonResourceURLs: ['/cart'] }],
      })

      // Created there, accepted here; also at once, before the change has arrived.
      const cart = await createAccount(served, 'cart')
      await until('system:serviceaccount:default:cart', () => ask(cart))

      // Both remember the user by now.
      expect(await ask(cart)).toBe('system:serviceaccount:default:cart')
      const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
      const there = async (token: string) =>
        (await served.as(token)(whoami, { method: 'POST', body: {} })).status
      expect(await there(cart)).toBe(201)
      expect((await admin(`${ACCOUNTS}/cart`, { method: 'DELETE' })).status).toBe(200)
      await until('401', () => ask(cart))
      expect(await there(cart)).toBe(401)

      // The other way round.
      const basket = await createAccount(served, 'basket')
      await until('system:serviceaccount:default:basket', () => ask(basket))
      expect(await there(basket)).toBe(201)
      await store.delete('/registry/serviceaccounts/default/basket')
      await until(401, () => there(basket))
      expect(await ask(basket)).toBe('401')

      // A role that is taken back.
      const wagon = await createAccount(served, 'wagon')
      await until('system:serviceaccount:default:wagon', () => ask(wagon))
      await admin(`${RBAC}/clusterrolebindings/wagon`, { method: 'DELETE' })
      await until('403', () => ask(wagon))

      // A bootstrap token.
      const secret = {
        metadata: { name: 'bootstrap-token-abcdef' },
        type: 'bootstrap.kubernetes.io/token',
        stringData: {
          'token-id': 'abcdef',
          'token-secret': '0123456789abcdef',
          'usage-bootstrap-authentication': 'true',
        },
      }
      const joining = 'abcdef.0123456789abcdef'
      expect(await ask(joining)).toBe('401')
      await post(admin, '/api/v1/namespaces/kube-system/secrets', secret)
      // It has no role.
      await until('403', () => ask(joining))
      await admin('/api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef', { method: 'DELETE' })
      await until('401', () => ask(joining))

      // The engine dies.
      const last = await createAccount(served, 'last')
      await until('system:serviceaccount:default:last', () => ask(last))
      await engine.kill()
      expect(await ask(last)).toBe('system:serviceaccount:default:last')
      expect(await ask('static')).toBe('ops')
      await until('503', () => ask(last))
      expect(await ask('static')).toBe('ops')
      // Its copy may have been confirmed a little later.
      await until('503', () => ask(joining))
      await engine.start()
      await until('system:serviceaccount:default:last', () => ask(last))
      await until(201, () => there(last))
    },
  )
})
