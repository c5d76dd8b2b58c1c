import { generateKeyPairSync } from 'node:crypto'
import { serviceAccountToken } from '@kube-authn/core/service-account'
import { signingKeyFromPem } from '@kube-authn/issuer'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { expect, it, onTestFinished, vi } from 'vitest'
import { kubernetesApi } from '../api/api-handler.ts'
import { type OpenedStore, openStore } from './open-store.ts'

const ISSUER = 'https://issuer.example.com'
const signingKey = await signingKeyFromPem(
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'sec1', format: 'pem' })
    .toString(),
)

async function opened(store: ObjectStore = memoryObjectStore()): Promise<OpenedStore> {
  const cluster = await openStore(store)
  onTestFinished(() => cluster.close())
  return cluster
}

const asked = (user: string, groups: readonly string[] = []) =>
  ({
    user: { username: user, uid: '', groups, extra: {} },
    verb: 'get',
    resourceRequest: true,
    apiGroup: '',
    apiVersion: 'v1',
    resource: 'pods',
    namespace: 'shop',
    name: 'cart',
    subresource: '',
    path: '/api/v1/namespaces/shop/pods/cart',
  }) as const

it('authorizes as a kube-apiserver: system:masters, and everyone else by the roles in the store', async () => {
  const { authorizer, served } = await opened()
  const decide = async (user: string, groups?: readonly string[]): Promise<string> =>
    (await authorizer.authorize(asked(user, groups), {})).verdict
  expect(await decide('root', ['system:masters'])).toBe('allow')
  expect(await decide('jane')).toBe('noOpinion')
  const api = await kubernetesApi({ ...served, authorizer })
  const { user } = asked('root', ['system:masters'])
  const binding = {
    metadata: { name: 'jane' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
  }
  const path = 'https://api.example.com/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
  const headers = { 'content-type': 'application/json' }
  const request = new Request(path, { method: 'POST', headers, body: JSON.stringify(binding) })
  const response = await api(request, { user })
  expect(response.status).toBe(201)
  expect(await decide('jane')).toBe('allow')
})

it('issues tokens for the service accounts in the store, which its copy accepts', async () => {
  const cluster = await opened()
  // It makes the namespaces that every cluster has, and the controllers their service accounts.
  await kubernetesApi({ ...cluster.served, authorizer: cluster.authorizer })
  cluster.runControllers()
  const issuer = cluster.tokenIssuer({ issuer: ISSUER, signingKey })
  const account = { namespace: 'kube-system', name: 'default' }
  const { status } = await vi.waitFor(() => issuer.issue(account, {}))
  const accounts = serviceAccountToken({
    issuers: [ISSUER],
    keys: [signingKey.verificationKey],
    objects: cluster.serviceAccounts,
  })
  const found = await accounts.authenticateToken(status.token, {})
  expect(found?.user.username).toBe('system:serviceaccount:kube-system:default')
})

it('is over when it is closed, and leaves the store open', async () => {
  const store = memoryObjectStore()
  const cluster = await openStore(store)
  cluster.runControllers()
  await cluster.close()
  await cluster.close()
  const { verdict, error } = await cluster.authorizer.authorize(asked('jane'), {})
  expect(verdict).toBe('noOpinion')
  expect(error?.message).toContain('they are not followed any more')
  expect(await store.revision()).toBeGreaterThan(0)
})

it.each([
  ['an option that it does not know', { storre: 1 }, 'storre: '],
  ['a store among the options', { store: memoryObjectStore() }, 'store: '],
])('refuses %s', async (_, options, problem) => {
  await expect(Reflect.apply(openStore, undefined, [memoryObjectStore(), options])).rejects.toThrow(problem)
})
