import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { has } from '../components.ts'
import { makeScratch, type Scratch } from '../scratch.ts'
import { type Client, type Cluster, clientOf, startCluster } from './cluster.ts'
import { kubectlOf, RELEASES } from './releases.ts'

const TOKEN = '31ada4fd-adec-460c-809a-9e56ceb75269'

const READERS = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: reader }
rules:
- { apiGroups: [""], resources: [nodes], verbs: [get, list] }
- { nonResourceURLs: [/api, /api/*, /apis, /apis/*], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: readers }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader }
subjects:
- { apiGroup: rbac.authorization.k8s.io, kind: Group, name: app1 }
- { apiGroup: rbac.authorization.k8s.io, kind: Group, name: group1 }
- { apiGroup: rbac.authorization.k8s.io, kind: Group, name: system:bootstrappers }
- { apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:serviceaccounts:default" }
`

const NODE = JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'mynode' } })

/** Asks with curl who one is. */
async function whoami(scratch: Scratch, { origin, caFile }: Cluster, options: string): Promise<unknown> {
  const review = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}'
  const answer = await scratch.shell(
    `curl --disable --silent --show-error --noproxy '*' --cacert ${caFile} ${options} \
      --header 'Content-Type: application/json' --data '${review}' ${origin}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
  )
  return JSON.parse(answer)
}

const userOf = (userInfo: object): unknown =>
  expect.objectContaining({ status: { userInfo: expect.objectContaining(userInfo) } })
const UNAUTHORIZED = expect.objectContaining({ kind: 'Status', code: 401 })

describe.runIf(has('openssl', 'curl', 'unzip')).each(RELEASES)('credentials, with kubectl %s', (release) => {
  let scratch: Scratch
  let cluster: Cluster
  let kubectl: string
  let admin: Client

  beforeAll(async () => {
    scratch = makeScratch()
    kubectl = await kubectlOf(release)
    // The appendix: a certificate authority with openssl.
    await scratch.shell(`
      openssl genrsa -out ca.key 2048
      openssl req -x509 -new -nodes -key ca.key -subj "/CN=127.0.0.1" -days 10000 -out ca.crt
    `)
    scratch.write('tokens.csv', `${TOKEN},user1,uid1,"group1,group2,group3"\nplain,user2,uid2\n`)
    scratch.write('passwords.csv', 'pa ss:wörd,user3,uid3,"group1,group2"\n')
    cluster = await startCluster(scratch, 'data', [
      `--client-ca-file=${scratch.path('ca.crt')}`,
      `--token-auth-file=${scratch.path('tokens.csv')}`,
      `--basic-auth-file=${scratch.path('passwords.csv')}`,
      '--experimental-bootstrap-token-auth',
      '--controllers=*,tokencleaner',
    ])
    admin = clientOf(scratch, cluster, kubectl)
    await admin.done('create -f -', READERS)
    await admin.done('create -f -', NODE)
  })
  afterAll(async () => {
    await cluster.stop()
    scratch.remove()
  })

  const NODES = /^NAME .*\nmynode /

  it('a client certificate: the common name is the user, the organizations are the groups', async () => {
    await scratch.shell(`
      openssl genrsa -out jbeda.pem 2048
      openssl req -new -key jbeda.pem -out jbeda-csr.pem -subj "/CN=jbeda/O=app1/O=app2"
      openssl x509 -req -in jbeda-csr.pem -CA ca.crt -CAkey ca.key -CAcreateserial -out jbeda.crt -days 10000
    `)
    const user = { 'client-certificate': scratch.path('jbeda.crt'), 'client-key': scratch.path('jbeda.pem') }
    const jbeda = clientOf(scratch, cluster, kubectl, user)
    expect(await jbeda.done('get nodes')).toMatch(NODES)
    expect((await jbeda.kubectl('get secrets')).stderr).toContain(
      'User "jbeda" cannot list resource "secrets"',
    )
    const who = await whoami(scratch, cluster, '--cert jbeda.crt --key jbeda.pem')
    expect(who).toEqual(userOf({ username: 'jbeda', groups: ['app1', 'app2', 'system:authenticated'] }))
  })

  it('a token of the file, as an option, in the kubeconfig and in a header', async () => {
    expect(await clientOf(scratch, cluster, kubectl, {}).done(`--token=${TOKEN} get nodes`)).toMatch(NODES)
    expect(await clientOf(scratch, cluster, kubectl, { token: TOKEN }).done('get nodes')).toMatch(NODES)
    const user1 = {
      username: 'user1',
      uid: 'uid1',
      groups: ['group1', 'group2', 'group3', 'system:authenticated'],
    }
    expect(await whoami(scratch, cluster, `--header 'Authorization: Bearer ${TOKEN}'`)).toEqual(userOf(user1))
    const { stderr, exitCode } = await clientOf(scratch, cluster, kubectl, { token: 'plain' }).kubectl(
      'get nodes',
    )
    expect(stderr).toContain('User "user2" cannot list resource "nodes"')
    expect(exitCode).toBe(1)
  })

  it('a password of the file, as options and in a header', async () => {
    const user3 = { username: 'user3', password: 'pa ss:wörd' }
    expect(await clientOf(scratch, cluster, kubectl, user3).done('get nodes')).toMatch(NODES)
    const encoded = Buffer.from('user3:pa ss:wörd').toString('base64')
    const known = userOf({
      username: 'user3',
      uid: 'uid3',
      groups: ['group1', 'group2', 'system:authenticated'],
    })
    expect(await whoami(scratch, cluster, `--header 'Authorization: Basic ${encoded}'`)).toEqual(known)
    expect(await whoami(scratch, cluster, `--user 'user3:wrong'`)).toEqual(UNAUTHORIZED)
  })

  it('a bootstrap token, until the TokenCleaner deletes it', async () => {
    const secret = (id: string, expiration: string): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
        type: 'bootstrap.kubernetes.io/token',
        stringData: {
          'token-id': id,
          'token-secret': 'db7bc3a58fc5f07e',
          'usage-bootstrap-authentication': 'true',
          expiration,
        },
      })
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
    await admin.done('create -f -', secret('781292', inAnHour))
    const token = `--header 'Authorization: Bearer 781292.db7bc3a58fc5f07e'`
    const groups = ['system:bootstrappers', 'system:authenticated']
    expect(await whoami(scratch, cluster, token)).toEqual(
      userOf({ username: 'system:bootstrap:781292', groups }),
    )

    await admin.done('create -f -', secret('781293', new Date(Date.now() - 1000).toISOString()))
    const names = async (): Promise<string> => admin.done('get secrets -n kube-system -o name')
    await vi.waitFor(async () => expect(await names()).not.toContain('781293'))
    expect(await names()).toContain('secret/bootstrap-token-781292')

    await admin.done('delete secret bootstrap-token-781292 -n kube-system')
    // It is remembered for ten seconds, as by kube-apiserver.
    await vi.waitFor(async () => expect(await whoami(scratch, cluster, token)).toEqual(UNAUTHORIZED))
  })

  it('a service account: created, read, and a token of it used', async () => {
    expect(await admin.done('create serviceaccount jenkins')).toBe('serviceaccount/jenkins created\n')
    expect(await admin.done('get serviceaccounts jenkins -o yaml')).toMatch(
      /^apiVersion: v1\nkind: ServiceAccount\n[^]*\n {2}name: jenkins\n/,
    )
    const token = (await admin.done('create token jenkins')).trim()
    const who = await whoami(scratch, cluster, `--header 'Authorization: Bearer ${token}'`)
    expect(who).toEqual(
      userOf({
        username: 'system:serviceaccount:default:jenkins',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      }),
    )
    expect(await clientOf(scratch, cluster, kubectl, {}).done(`--token=${token} get nodes`)).toMatch(NODES)
    await admin.done('delete serviceaccount jenkins')
    await vi.waitFor(async () => {
      expect(await whoami(scratch, cluster, `--header 'Authorization: Bearer ${token}'`)).toEqual(
        UNAUTHORIZED,
      )
    })
  })

  it('a secret with a token: the token, the namespace and the public CA, in base64', async () => {
    await admin.done('create serviceaccount robot')
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'robot-token', annotations: { 'kubernetes.io/service-account.name': 'robot' } },
      type: 'kubernetes.io/service-account-token',
    }
    await admin.done('create -f -', JSON.stringify(secret))
    const data = async (): Promise<Readonly<Record<string, string>>> => {
      const read = JSON.parse(await admin.done('get secret robot-token -o json')) as {
        readonly data?: Record<string, string>
      }
      return Object.fromEntries(
        Object.entries(read.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
      )
    }
    await vi.waitFor(async () =>
      expect(Object.keys(await data()).toSorted()).toEqual(['ca.crt', 'namespace', 'token']),
    )
    const { token = '', namespace, 'ca.crt': ca } = await data()
    expect([namespace, ca?.trim()]).toEqual(['default', readFileSync(cluster.caFile, 'utf8').trim()])
    expect(await clientOf(scratch, cluster, kubectl, {}).done(`--token=${token} get nodes`)).toMatch(NODES)
    // --service-account-lookup is on, as since 1.7: a token ends with its secret.
    await admin.done('delete secret robot-token')
    await vi.waitFor(async () => {
      expect(await whoami(scratch, cluster, `--header 'Authorization: Bearer ${token}'`)).toEqual(
        UNAUTHORIZED,
      )
    })
  })
})
