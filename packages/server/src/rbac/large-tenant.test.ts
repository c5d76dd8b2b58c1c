import { attributesOf } from '@kube-authn/core/authorization'
import { emptyContext, userInfo } from '@kube-authn/core'
import { memoryObjectStore, type ObjectStore, type StoredObject } from '@kube-authn/store'
import { forwardedStore } from '@kube-authn/store/internal'
import { expect, it } from 'vitest'
import { type OpenedStore, openStore } from '../open-store/open-store.ts'

const COUNT = 300_000
const API_GROUP = 'rbac.authorization.k8s.io'

const bindingOf = (namespace: string, name: string, user: string): readonly [key: string, value: string] => [
  `/registry/${API_GROUP}/rolebindings/${namespace}/${name}`,
  JSON.stringify({
    apiVersion: `${API_GROUP}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace },
    roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', apiGroup: API_GROUP, name: user }],
  }),
]

/** Lists the bindings of a tenant after its own objects, without keeping them. */
function withTenant(store: ObjectStore): ObjectStore {
  return {
    ...forwardedStore(store),
    async list(prefix, options = {}) {
      const from = options.continue === undefined ? 0 : Number(options.continue)
      if (prefix !== `/registry/${API_GROUP}/`) return store.list(prefix, options)
      const { objects, revision } = await store.list(prefix)
      const { limit = COUNT } = options
      const tenants = Array.from({ length: Math.min(limit, COUNT - from) }, (_, index): StoredObject => {
        const [key, value] = bindingOf('tenant', `b${from + index}`, `user-${from + index}`)
        return { key, value, revision, createdRevision: 1 - COUNT + from + index }
      })
      const isWhole = from + tenants.length === COUNT
      return {
        objects: isWhole ? [...tenants, ...objects] : tenants,
        revision,
        ...(!isWhole && { continue: String(from + tenants.length) }),
      }
    },
  }
}

/** What some users may do. */
async function decisions({ authorizer }: OpenedStore): Promise<readonly string[]> {
  const asked = [
    ['shop', 'jane', 'get'],
    ['shop', 'jane', 'delete'],
    ['shop', 'bob', 'get'],
    ['tenant', 'jane', 'get'],
    ['tenant', 'user-0', 'get'],
    ['tenant', `user-${COUNT - 1}`, 'get'],
  ] as const
  const decided = asked.map(async ([namespace, user, verb]) => {
    const attributes = attributesOf(userInfo({ username: user }), {
      verb,
      apiVersion: 'v1',
      resource: 'pods',
      namespace,
    })
    return (await authorizer.authorize(attributes, emptyContext)).verdict
  })
  return Promise.all(decided)
}

it('decides for everyone as before when one tenant has 300,000 bindings', { timeout: 60_000 }, async () => {
  const store = memoryObjectStore()
  await store.create(...bindingOf('shop', 'readers', 'jane'))
  await using alone = await openStore(store)
  const others = ['allow', 'noOpinion', 'noOpinion', 'noOpinion']
  expect(await decisions(alone)).toEqual([...others, 'noOpinion', 'noOpinion'])

  const errors: string[] = []
  await using cluster = await openStore(withTenant(store), { onError: (error) => errors.push(String(error)) })
  expect(await decisions(cluster)).toEqual([...others, 'allow', 'allow'])
  expect(errors).toEqual([
    expect.stringContaining('160000 of at most 200000 roles and bindings'),
    expect.stringContaining('more than 200000 roles and bindings'),
  ])
  cluster.rbac.learn(await store.create(...bindingOf('shop', 'later', 'bob')))
  expect(await decisions(cluster)).toEqual(['allow', 'noOpinion', 'allow', 'noOpinion', 'allow', 'allow'])
  expect(cluster.rbac.health()).toEqual([])
})
