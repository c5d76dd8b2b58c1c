import { authenticatorChain } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { expect, it, onTestFinished } from 'vitest'
import { cpuSecondsUntil } from '../../../../test/cpu-seconds.ts'
import { names, some } from '../../test/long-bodies.ts'
import { runningServer } from '../../test/running-server.ts'
import { apiServer } from '../server/api-server.ts'
import { memoryObjectStore } from '@kube-authn/store'
import { storedRbac } from './stored-rbac.ts'

const GROUP = 'rbac.authorization.k8s.io'
const API = { apiVersion: `${GROUP}/v1` }
const MAPS = '/api/v1/namespaces/default/configmaps'
const JANE = { authorization: 'Bearer jane-token' }

it('a server whose store has a role of 8,000 names and 8,000 resources, bound 100 times, starts and answers', async () => {
  const store = memoryObjectStore()
  const rules = [
    {
      apiGroups: [''],
      verbs: ['get'],
      resources: ['configmaps', ...names(8000)],
      resourceNames: names(8000),
    },
  ]
  const role = { ...API, kind: 'Role', metadata: { name: 'huge', namespace: 'default' }, rules }
  await store.create(`/registry/${GROUP}/roles/default/huge`, JSON.stringify(role))
  for (const name of names(100)) {
    const binding = {
      ...API,
      kind: 'RoleBinding',
      metadata: { name, namespace: 'default' },
      roleRef: { apiGroup: GROUP, kind: 'Role', name: 'huge' },
      subjects: ['jane', ...some(100, String)].map((user) => ({ kind: 'User', apiGroup: GROUP, name: user })),
    }
    await store.create(`/registry/${GROUP}/rolebindings/default/${name}`, JSON.stringify(binding))
  }

  const answers: number[] = []
  const spent = await cpuSecondsUntil(async () => {
    const authorizer = await storedRbac({ store })
    const authenticator = authenticatorChain({ tokens: [tokenFile('jane-token,jane,1\n')] })
    const api = await apiServer({ store, authenticator, authorizer, log: false })
    const { ask, close } = await runningServer(api.listener)
    onTestFinished(async () => {
      await api.close()
      await close()
      await authorizer.close()
    })
    for (const name of ['n0', 'n7999', 'other']) {
      answers.push((await ask({ path: `${MAPS}/${name}`, headers: JANE })).status)
    }
  })
  // It is allowed to ask for what is not there; the last one is not named by the role.
  expect(answers).toEqual([404, 404, 403])
  expect(spent).toBeLessThan(5)
})
