import { fixedClock, recordEvents } from '@kube-authn/testing'
import { memoryObjectStore } from '@kube-authn/store'
import { expect, it } from 'vitest'
import { kubernetesApi } from '../api/api-handler.ts'

const configMap = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
const role = (name: string): object => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name },
  rules: [],
})
const MAPS = '/api/v1/namespaces/default/configmaps'
const ROLES = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles'

/** An API over a store, and another one as of a second replica. */
async function opened(maxObjectsPerNamespace: number) {
  const clock = fixedClock()
  const store = memoryObjectStore({ clock })
  const { observer, events } = recordEvents()
  const options = { store, clock, observer, maxObjectsPerNamespace }
  const [api, other] = [await kubernetesApi(options), await kubernetesApi(options)]
  const send =
    (to: typeof api) =>
    async (method: string, path: string, body?: object): Promise<{ status: number; message?: string }> => {
      const response = await to(
        new Request(`http://localhost${path}`, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      )
      const { message } = (await response.json()) as { message?: string }
      return { status: response.status, ...(message !== undefined && { message }) }
    }
  const create = async (name: string, to = api): Promise<number> =>
    (await send(to)('POST', MAPS, configMap(name))).status
  return { clock, store, events, other, create, send: send(api) }
}

it('refuses creations beyond the quota in the words of Kubernetes, each kind and namespace by itself', async () => {
  const { create, send, store } = await opened(2)
  expect([await create('a'), await create('b')]).toEqual([201, 201])
  const used = 'requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2'
  expect(await send('POST', MAPS, configMap('c'))).toEqual({
    status: 403,
    message: `configmaps "c" is forbidden: exceeded quota: max-objects-per-namespace, ${used}`,
  })
  for (const name of ['a', 'b']) expect((await send('POST', ROLES, role(name))).status).toBe(201)
  expect(await send('POST', ROLES, role('c'))).toMatchObject({
    message: expect.stringContaining('used: count/roles.rbac.authorization.k8s.io=2'),
  })
  expect((await send('PUT', `${MAPS}/c`, configMap('c'))).status).toBe(404)
  expect(await send('POST', MAPS.replace('default', 'kube-public'), configMap('c'))).toEqual({ status: 201 })
  // What is there can be changed, and objects of the cluster have no quota.
  expect((await send('PUT', `${MAPS}/a`, { ...configMap('a'), data: { a: 'b' } })).status).toBe(200)
  for (const name of ['one', 'two', 'three']) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    expect((await send('POST', '/api/v1/namespaces', namespace)).status).toBe(201)
  }
  expect((await store.list('/registry/configmaps/')).objects).toHaveLength(3)
})

it('admits as many of those that come together as there may be', async () => {
  const { create, store } = await opened(5)
  const statuses = await Promise.all(Array.from({ length: 20 }, (_, index) => create(`m${index}`)))
  expect(statuses.filter((status) => status === 201)).toHaveLength(5)
  expect((await store.list('/registry/configmaps/')).objects).toHaveLength(5)
})

it('counts neither what failed nor a dry run', async () => {
  const { create, send } = await opened(2)
  expect(await create('a')).toBe(201)
  for (let times = 0; times < 3; times++) expect(await create('a')).toBe(409)
  for (const name of ['b', 'c']) {
    expect((await send('POST', `${MAPS}?dryRun=All`, configMap(name))).status).toBe(201)
  }
  expect(await create('b')).toBe(201)
})

it('counts deletions, and what another replica creates, within a second near the limit', async () => {
  const { create, send, other, clock } = await opened(2)
  expect([await create('a'), await create('b', other), await create('c', other)]).toEqual([201, 201, 403])
  clock.advance(1000)
  expect(await create('c')).toBe(403)
  expect((await send('DELETE', `${MAPS}/a`)).status).toBe(200)
  clock.advance(1000)
  expect([await create('c'), await create('d')]).toEqual([201, 403])
})

it('refuses nothing of what is there already, however much, and has no limit if it is 0', async () => {
  const few = await opened(1)
  await few.store.create('/registry/configmaps/default/a', JSON.stringify(configMap('a')))
  await few.store.create('/registry/configmaps/default/b', JSON.stringify(configMap('b')))
  expect((await few.send('GET', `${MAPS}/b`)).status).toBe(200)
  expect(await few.create('c')).toBe(403)
  const any = await opened(0)
  expect([await any.create('a'), await any.create('b')]).toEqual([201, 201])
})

it('tells an observer once that a namespace is near its quota, and once that it is exceeded', async () => {
  const { create, events } = await opened(5)
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await create(name)
  const about = { type: 'objectQuota', resource: 'configmaps', namespace: 'default', limit: 5 }
  expect(events.filter(({ type }) => type === 'objectQuota')).toEqual([
    { ...about, status: 'near', used: 3, isNew: true },
    { ...about, status: 'near', used: 4, isNew: false },
    { ...about, status: 'exceeded', used: 5, isNew: true },
    { ...about, status: 'exceeded', used: 5, isNew: false },
  ])
})
