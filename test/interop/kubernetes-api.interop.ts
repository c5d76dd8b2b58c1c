import type { Server } from 'node:https'
import { bearerToken } from '@kube-authn/core'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { withAuthentication, withAuthorization, withImpersonation } from '@kube-authn/fetch'
import { kubernetesApi, memoryObjectStore } from '@kube-authn/server'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { listen, portOf } from './fetch-https.ts'
import { kubectl, type KubectlRun } from './kubectl.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const ROLES = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: everything }
rules:
- { apiGroups: ["*"], resources: ["*"], verbs: ["*"] }
- { nonResourceURLs: ["*"], verbs: ["*"] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: admins }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: everything }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: jane }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: discovery }
rules:
- { nonResourceURLs: [/api, /api/*, /apis, /apis/*], verbs: [get] }
- { apiGroups: [""], resources: [configmaps], verbs: [get, list] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: readers }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: discovery }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: bob }]
`

describe.runIf(has('kubectl'))('the Kubernetes API, used with kubectl', () => {
  let scratch: Scratch
  let server: Server
  let ca: string
  beforeAll(async () => {
    scratch = makeScratch()
    const pki = await createPki({ commonName: 'servers' })
    ca = pki.caPem
    const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
    const policy = rbac(parseRbac(ROLES))
    const api = await kubernetesApi({ store: memoryObjectStore() })
    const authenticator = bearerToken(tokenFile('janes-token,jane,1\nbobs-token,bob,2\n'))
    server = await listen(
      { cert, key },
      withAuthentication(
        authenticator,
        withImpersonation(
          policy,
          withAuthorization(policy, (request) => api(request)),
        ),
      ),
    )
  })
  afterAll(() => {
    server.close()
    server.closeAllConnections()
    scratch.remove()
  })

  const as = (token: string, line: string): Promise<KubectlRun> => {
    const origin = `https://127.0.0.1:${portOf(server)}`
    return kubectl(scratch, { server: origin, ca, user: { token } }, line.split(' '))
  }

  it.each([
    ['create namespace shop', 'namespace/shop created'],
    ['create serviceaccount jenkins', 'serviceaccount/jenkins created'],
    ['create secret generic db --from-literal=password=hunter2', 'secret/db created'],
    ['create configmap settings --from-literal=a=b -n shop', 'configmap/settings created'],
    ['create role reader --verb=get,list --resource=pods', 'role.rbac.authorization.k8s.io/reader created'],
    [
      'create clusterrole reader --verb=get --non-resource-url=/logs',
      'clusterrole.rbac.authorization.k8s.io/reader created',
    ],
    [
      'create rolebinding readers --role=reader --user=bob --serviceaccount=default:jenkins',
      'rolebinding.rbac.authorization.k8s.io/readers created',
    ],
    [
      'create clusterrolebinding readers --clusterrole=reader --group=ops',
      'clusterrolebinding.rbac.authorization.k8s.io/readers created',
    ],
  ])('%s', async (line, printed) => {
    expect(await as('janes-token', line)).toEqual({ stdout: `${printed}\n`, stderr: '', exitCode: 0 })
    const again = await as('janes-token', line)
    expect(again.exitCode).toBe(1)
    expect(again.stderr).toMatch(/already exists\n$/)
  })

  it.each([
    ['get namespaces', /^NAME +STATUS +AGE\ndefault +Active +\d+s\nkube-node-lease/],
    ['get serviceaccounts', /^NAME +SECRETS +AGE\njenkins +0 +\d+s\n$/],
    ['get secret db', /^NAME +TYPE +DATA +AGE\ndb +Opaque +1 +\d+s\n$/],
    ['get configmaps -A', /^NAMESPACE +NAME +DATA +AGE\nshop +settings +1 +\d+s\n$/],
    ['get secret db -o jsonpath={.data.password}', /^aHVudGVyMg==$/],
    [
      'get rolebindings -o wide',
      /^NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS\nreaders +Role\/reader +\d+s +bob +default\/jenkins\n$/,
    ],
    [
      'get clusterrole reader -o jsonpath={.rules}',
      /^\[{"nonResourceURLs":\["\/logs"\],"verbs":\["get"\]}\]$/,
    ],
    ['get secrets -l a=b', /^$/],
    ['get secrets --field-selector type=Opaque -o name', /^secret\/db\n$/],
    ['get --raw /readyz', /^ok$/],
    [
      'api-resources -o name',
      /serviceaccounts\ncertificatesigningrequests.certificates.k8s.io\nclusterrolebindings.rbac.authorization.k8s.io\n/,
    ],
  ])('%s', async (line, printed) => {
    const { stdout, stderr, exitCode } = await as('janes-token', line)
    expect(stderr).toBe(line.includes('-l a=b') ? 'No resources found in default namespace.\n' : '')
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(printed)])
  })

  it('is for those who may: a role of another user, impersonation, and none', async () => {
    expect(await as('bobs-token', 'get configmaps -n shop -o name')).toMatchObject({
      stdout: 'configmap/settings\n',
    })
    const forbidden = await as('bobs-token', 'get secrets')
    expect(forbidden.stderr).toContain(
      'User "bob" cannot list resource "secrets" in API group "" in the namespace "default"',
    )
    expect(forbidden.stdout).not.toContain('db')
    expect((await as('janes-token', 'get secrets --as=bob')).stderr).toContain(
      'User "bob" cannot list resource "secrets"',
    )
    expect((await as('bobs-token', 'create namespace x')).stderr).toContain(
      'User "bob" cannot create resource "namespaces"',
    )
    expect((await as('wrong', 'get configmaps')).stderr).toContain('You must be logged in to the server')
  })

  it('creates from files, and changes what was read', async () => {
    const file = scratch.write(
      'map.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { generateName: 'made-' },
        data: { a: '1' },
      }),
    )
    const created = await as('janes-token', `create --validate=false -f ${file} -o name`)
    expect(created).toMatchObject({
      stderr: '',
      stdout: expect.stringMatching(/^configmap\/made-[a-z0-9]{5}\n$/),
    })
    const object = JSON.parse((await as('janes-token', 'get configmap settings -n shop -o json')).stdout) as {
      data: object
    }
    scratch.write('map.json', JSON.stringify({ ...object, data: { a: 'changed' } }))
    expect(await as('janes-token', `replace --validate=false -f ${file}`)).toMatchObject({
      stdout: 'configmap/settings replaced\n',
      stderr: '',
    })
    const stale = await as('janes-token', `replace --validate=false -f ${file}`)
    expect(stale.stderr).toContain('the object has been modified')
  })

  it.each([
    ['delete secret db', 'secret "db" deleted\n'],
    [
      'delete rolebinding,role --all',
      'rolebinding.rbac.authorization.k8s.io "readers" deleted\nrole.rbac.authorization.k8s.io "reader" deleted\n',
    ],
    ['delete namespace shop', 'namespace "shop" deleted\n'],
  ])('%s', async (line, printed) => {
    expect(await as('janes-token', line)).toEqual({ stdout: printed, stderr: '', exitCode: 0 })
    expect((await as('janes-token', 'get configmaps -n shop')).stdout).not.toContain(
      line.endsWith('shop') ? 'settings' : 'none',
    )
  })
})
