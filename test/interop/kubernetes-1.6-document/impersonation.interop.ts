import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from '../components.ts'
import { makeScratch, type Scratch } from '../scratch.ts'
import { type Client, type Cluster, clientOf, startCluster } from './cluster.ts'
import { kubectlOf, RELEASES } from './releases.ts'

/** The roles of the document. Its indentation and some fields were lost; what is added is what Kubernetes requires. */
const ROLES = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: impersonator
rules:
- apiGroups: [""]
  resources: ["users", "groups", "serviceaccounts"]
  verbs: ["impersonate"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: scopes-impersonator
rules:
- apiGroups: ["authentication.k8s.io"]
  resources: ["userextras/scopes"]
  verbs: ["impersonate"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: limited-impersonator
rules:
- apiGroups: [""]
  resources: ["users"]
  verbs: ["impersonate"]
  resourceNames: ["jane.doe@example.com"]
- apiGroups: [""]
  resources: ["groups"]
  verbs: ["impersonate"]
  resourceNames: ["developers", "admins"]
- apiGroups: ["authentication.k8s.io"]
  resources: ["userextras/scopes"]
  verbs: ["impersonate"]
  resourceNames: ["view", "development"]
`

/** As printed, with the API group of 1.6, which grants nothing today. */
const MISPRINTED = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: misprinted
rules:
- apiGroups: [""]
  resources: ["groups"]
- verbs: ["impersonate"]
  resourceNames: ["developers", "admins"]
`

const NODE = JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'mynode' } })
const POD = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { nodeName: 'mynode', containers: [{ name: 'web', image: 'nginx:1.7.9' }] },
})

describe.runIf(has('curl', 'unzip')).each(RELEASES)('impersonation, with kubectl %s', (release) => {
  let scratch: Scratch
  let cluster: Cluster
  let admin: Client
  let clark: Client
  let limited: Client

  beforeAll(async () => {
    scratch = makeScratch()
    const program = await kubectlOf(release)
    const file = scratch.write('tokens.csv', 'clarks-token,clark,1\nlimiteds-token,limited,2\n')
    cluster = await startCluster(scratch, 'data', [`--token-auth-file=${file}`])
    admin = clientOf(scratch, cluster, program)
    clark = clientOf(scratch, cluster, program, { token: 'clarks-token' })
    limited = clientOf(scratch, cluster, program, { token: 'limiteds-token' })
    await admin.done('create -f -', NODE)
    await admin.done('create -f -', POD)
  })
  afterAll(async () => {
    await cluster.stop()
    scratch.remove()
  })

  /** Why a user may not list the nodes. Without discovery, which is for some users only. */
  const asked = async (client: Client, options: string): Promise<string> =>
    (await client.kubectl(`get --raw /api/v1/nodes ${options}`)).stderr

  it('creates the roles of the document, and counts them at once', async () => {
    expect(await admin.done('create -f -', ROLES)).toBe(
      ['impersonator', 'scopes-impersonator', 'limited-impersonator']
        .map((name) => `clusterrole.rbac.authorization.k8s.io/${name} created\n`)
        .join(''),
    )
    expect(await asked(clark, '--as=superman')).toMatch(/User "clark" cannot impersonate/)
    await admin.done('create clusterrolebinding clark --clusterrole=impersonator --user=clark')
    expect(await asked(clark, '--as=superman')).toContain('User "superman" cannot list resource "nodes"')
    await admin.done('create clusterrolebinding limited --clusterrole=limited-impersonator --user=limited')
    const { stderr, exitCode } = await admin.kubectl('create -f -', MISPRINTED)
    expect(stderr).toContain('rules[0].verbs: Required value')
    expect(exitCode).toBe(1)
  })

  it('drains a node as another user only', async () => {
    const refused = await clark.kubectl('drain mynode --force')
    expect(refused.stderr).toContain(
      'Error from server (Forbidden): nodes "mynode" is forbidden: User "clark" cannot get resource "nodes" in API group "" at the cluster scope',
    )
    expect(refused.exitCode).toBe(1)
    await admin.done('create clusterrolebinding superman --clusterrole=cluster-admin --user=superman')
    const drained = await clark.done('drain mynode --as=superman --force')
    expect(drained).toContain('node/mynode cordoned')
    expect(drained).toContain('node/mynode drained')
    expect(await admin.done('get node mynode')).toContain('SchedulingDisabled')
    expect(await admin.done('get pods -o name')).toBe('')
  })

  it('restricts who may be impersonated', async () => {
    expect(
      await asked(limited, '--as=jane.doe@example.com --as-group=developers --as-group=admins'),
    ).toContain('User "jane.doe@example.com" cannot list resource "nodes"')
    expect(await asked(limited, '--as=superman')).toMatch(/User "limited" cannot impersonate/)
    expect(await asked(limited, '--as=jane.doe@example.com --as-group=system:masters')).toMatch(
      /User "limited" cannot impersonate/,
    )
  })

  it('takes the headers of the document', async () => {
    const ask = (scope: string): Promise<string> =>
      scratch.shell(
        `curl --disable --silent --noproxy '*' --cacert ${cluster.caFile} --header 'Authorization: Bearer limiteds-token' \
          --header 'Impersonate-User: jane.doe@example.com' --header 'Impersonate-Group: developers' --header 'Impersonate-Group: admins' \
          --header 'Impersonate-Extra-scopes: ${scope}' --header 'Impersonate-Extra-scopes: development' \
          --header 'Content-Type: application/json' --data '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}' \
          ${cluster.origin}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
      )
    expect(JSON.parse(await ask('view'))).toMatchObject({
      status: {
        userInfo: {
          username: 'jane.doe@example.com',
          groups: ['developers', 'admins', 'system:authenticated'],
          extra: { scopes: ['view', 'development'] },
        },
      },
    })
    expect(JSON.parse(await ask('edit'))).toMatchObject({ code: 403 })
  })
})
