import { chmodSync } from 'node:fs'
import type { Server } from 'node:https'
import { bearerToken } from '@kube-authn/core'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { withAuthentication, withAuthorization, withImpersonation } from '@kube-authn/fetch'
import { kubernetesApi } from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { listen, portOf } from './fetch-https.ts'
import { kubectl, type KubectlRun } from './kubectl.ts'
import { JANE_MAY_DO_EVERYTHING } from './janes-roles.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const ROLES = `${JANE_MAY_DO_EVERYTHING}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: discovery }
rules:
- { nonResourceURLs: [/api, /api/*, /apis, /apis/*, /openapi, /openapi/*], verbs: [get] }
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

  const as = (token: string, line: string, env: Record<string, string> = {}): Promise<KubectlRun> => {
    const origin = `https://127.0.0.1:${portOf(server)}`
    return kubectl(scratch, { server: origin, ca, user: { token } }, line.split(' '), env)
  }
  /** What jane's command printed, without a warning or an error. */
  const janes = async (line: string, env: Record<string, string> = {}): Promise<string> => {
    const { stdout, stderr, exitCode } = await as('janes-token', line, env)
    expect([line, stderr, exitCode]).toEqual([line, '', 0])
    return stdout
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
    ['get serviceaccounts', /^NAME +AGE\njenkins +\d+s\n$/],
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
      /serviceaccounts\nservices\ncertificatesigningrequests.certificates.k8s.io\nleases.coordination.k8s.io\nclusterrolebindings.rbac.authorization.k8s.io\n/,
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
    const created = await as('janes-token', `create -f ${file} -o name`)
    expect(created).toMatchObject({
      stderr: '',
      stdout: expect.stringMatching(/^configmap\/made-[a-z0-9]{5}\n$/),
    })
    const object = JSON.parse((await as('janes-token', 'get configmap settings -n shop -o json')).stdout) as {
      data: object
    }
    scratch.write('map.json', JSON.stringify({ ...object, data: { a: 'changed' } }))
    expect(await as('janes-token', `replace -f ${file}`)).toMatchObject({
      stdout: 'configmap/settings replaced\n',
      stderr: '',
    })
    const stale = await as('janes-token', `replace -f ${file}`)
    expect(stale.stderr).toContain('the object has been modified')
  })

  it('applies what has changed in a file, and only that', async () => {
    const pod = (image: string, env: readonly string[]) =>
      scratch.write(
        'pod.json',
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'web' },
          spec: {
            containers: [{ name: 'c', image, env: env.map((name) => ({ name, value: '1' })) }],
            volumes: [{ name: 'v', emptyDir: {} }],
          },
        }),
      )
    const file = pod('nginx:1', ['A', 'B'])
    expect(await janes(`apply -f ${file}`)).toBe('pod/web created\n')
    expect(await janes(`apply -f ${file}`)).toBe('pod/web unchanged\n')
    expect(
      await janes('patch pod web -p {"spec":{"nodeName":"n","containers":[{"name":"c","tty":true}]}}'),
    ).toBe('pod/web patched\n')
    pod('nginx:2', ['B', 'C'])
    const difference = await as('janes-token', `diff -f ${file}`)
    expect([difference.exitCode, difference.stdout]).toEqual([
      1,
      expect.stringMatching(/^\+ +image: nginx:2$/m),
    ])
    expect(await janes(`apply -f ${file}`)).toBe('pod/web configured\n')
    expect(await janes(`diff -f ${file}`)).toBe('')
    expect(JSON.parse(await janes('get pod web -o jsonpath={.spec}'))).toEqual({
      nodeName: 'n',
      containers: [
        { name: 'c', image: 'nginx:2', tty: true, env: ['B', 'C'].map((name) => ({ name, value: '1' })) },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
      serviceAccount: 'default',
      serviceAccountName: 'default',
    })
  })

  it('applies on the server, where fields have owners', async () => {
    const map = (data: object) =>
      scratch.write(
        'applied.json',
        JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data }),
      )
    const file = map({ a: '1', b: '1' })
    const apply = `apply --server-side -f ${file}`
    expect(await janes(apply)).toBe('configmap/applied serverside-applied\n')
    await janes('patch configmap applied --type=merge -p {"data":{"c":"1"}}')
    map({ a: '1' })
    expect(await janes(apply)).toBe('configmap/applied serverside-applied\n')
    expect(await janes('get configmap applied -o jsonpath={.data}')).toBe('{"a":"1","c":"1"}')
    map({ a: '2', c: '2' })
    const refused = await as('janes-token', apply)
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining(
        'Apply failed with 1 conflict: conflict with "kubectl-patch" using v1: .data.c',
      ),
    ])
    expect(await janes(`${apply} --force-conflicts`)).toBe('configmap/applied serverside-applied\n')
    expect(await janes('get configmap applied -o jsonpath={.data}')).toBe('{"a":"2","c":"2"}')
    expect(
      await janes(
        'get configmap applied --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}',
      ),
    ).toBe('kubectl')
  })

  it.each([
    [
      'label configmap settings -n shop tier=web',
      'configmap/settings labeled\n',
      '{.metadata.labels.tier}',
      'web',
    ],
    [
      'annotate configmap settings -n shop note=x',
      'configmap/settings annotated\n',
      '{.metadata.annotations.note}',
      'x',
    ],
    [
      'patch configmap settings -n shop --type=merge -p {"data":{"m":"1"}}',
      'configmap/settings patched\n',
      '{.data.m}',
      '1',
    ],
    [
      'patch configmap settings -n shop --type=strategic -p {"data":{"s":"1"}}',
      'configmap/settings patched\n',
      '{.data.s}',
      '1',
    ],
    [
      'patch configmap settings -n shop --type=json -p [{"op":"remove","path":"/data/m"}]',
      'configmap/settings patched\n',
      '{.data.m}',
      '',
    ],
    ['label configmap settings -n shop tier-', 'configmap/settings unlabeled\n', '{.metadata.labels}', ''],
  ])('%s', async (line, words, path, value) => {
    expect(await janes(line)).toBe(words)
    expect(await janes(`get configmap settings -n shop -o jsonpath=${path}`)).toBe(value)
  })

  it('edits an object, unless nothing was changed', async () => {
    const editor = scratch.write('editor.sh', '#!/bin/sh\nsed -i "s/ s: \\"1\\"/ s: edited/" "$1"\n')
    chmodSync(editor, 0o700)
    expect(await janes('edit configmap settings -n shop', { EDITOR: editor })).toBe(
      'configmap/settings edited\n',
    )
    expect(await janes('get configmap settings -n shop -o jsonpath={.data.s}')).toBe('edited')
    const again = await as('janes-token', 'edit configmap settings -n shop', { EDITOR: editor })
    expect(again.stderr + again.stdout).toContain('no changes made')
  })

  it('cordons, taints and drains a node', async () => {
    const file = scratch.write(
      'node.json',
      JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }),
    )
    expect(await janes(`create -f ${file}`)).toBe('node/n created\n')
    for (const [line, words] of [
      ['cordon n', 'node/n cordoned\n'],
      ['uncordon n', 'node/n uncordoned\n'],
      ['taint node n a=b:NoSchedule', 'node/n tainted\n'],
      ['taint node n a-', 'node/n untainted\n'],
    ] as const) {
      expect(await janes(line)).toBe(words)
    }
    const drained = await as('janes-token', 'drain n --force --delete-emptydir-data')
    expect([drained.exitCode, drained.stdout]).toEqual([
      0,
      expect.stringMatching(/pod\/web (deleted|evicted)\nnode\/n drained\n$/),
    ])
    expect(await janes('get node n -o jsonpath={.spec}')).toBe('{"unschedulable":true}')
    expect(await janes('get pods -o name')).toBe('')
  })

  it('prints pods, nodes and services as it does those of a cluster', async () => {
    await janes('create service clusterip web --tcp=80:8080')
    await janes('run web --image=nginx')
    expect(await janes('get services web --no-headers')).toMatch(
      /^web +ClusterIP +<none> +<none> +80\/TCP +\S+\n$/,
    )
    expect(await janes('get pods web --no-headers')).toMatch(/^web +0\/1 +Pending +0 +\S+\n$/)
    expect(await janes('get pods web -o wide')).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/,
    )
    expect(await janes('describe service web')).toMatch(/^Type: +ClusterIP$/m)
    await janes('delete pod,service web')
  })

  it('shows events, of which it asks in describe', async () => {
    await janes('create configmap shown --from-literal=a=b')
    const uid = await janes('get configmap shown -o jsonpath={.metadata.uid}')
    expect(await janes('describe configmap shown')).toMatch(/^Events: +<none>$/m)
    const about = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'shown', uid }
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'shown.1' },
      involvedObject: about,
      type: 'Warning',
      reason: 'Tested',
      message: 'it was tested',
      lastTimestamp: new Date().toISOString(),
    }
    await janes(`create -f ${scratch.write('event.json', JSON.stringify(event))}`)
    const row = /Warning +Tested +configmap\/shown +it was tested\n/i
    expect(await janes('get events')).toMatch(row)
    expect(await janes('events')).toMatch(row)
    expect(await janes('describe configmap shown')).toContain('it was tested')
    await janes('delete configmap shown')
  })

  it('changes the subjects of a binding', async () => {
    expect(await janes('set subject rolebinding readers --user=alice')).toBe(
      'rolebinding.rbac.authorization.k8s.io/readers subjects updated\n',
    )
    expect(await janes('get rolebinding readers -o jsonpath={.subjects[*].name}')).toBe('bob jenkins alice')
  })

  it('refuses fields that do not exist, and explains those that do', async () => {
    const file = scratch.write(
      'bad.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'bad' },
        spec: { containers: [{ name: 'c', imagee: 'x' }] },
      }),
    )
    for (const line of [`create -f ${file}`, `apply -f ${file}`]) {
      const { stderr, exitCode } = await as('janes-token', line)
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringContaining('unknown field "spec.containers[0].imagee"'),
      ])
    }
    expect(await janes('explain serviceaccount')).toMatch(
      /KIND: +ServiceAccount\nVERSION: +v1\n[^]*An identity for programs[^]*secrets\t<\[\]ObjectReference>/,
    )
    expect(await janes('explain clusterrole.rules.verbs')).toMatch(
      /FIELD: verbs <\[\]string>[^]*What may be done/,
    )
    expect(await janes('explain pod.spec.containers.ports')).toMatch(/containerPort\t<integer> -required-/)
  })

  it('patches for those who may', async () => {
    const { stderr, exitCode } = await as('bobs-token', 'label configmap settings -n shop a=b')
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(
        'User "bob" cannot patch resource "configmaps" in API group "" in the namespace "shop"',
      ),
    ])
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
