import { generateKeyPairSync } from 'node:crypto'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { authenticatorChain, type TokenAuthenticator } from '@kube-authn/core'
import { privilegedGroups, unionAuthorizer } from '@kube-authn/core/authorization'
import { serviceAccountToken } from '@kube-authn/core/service-account'
import { signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import { tokenFile } from '@kube-authn/core/token-file'
import { withAuthentication, withAuthorization, withImpersonation } from '@kube-authn/fetch'
import {
  credentialObjects,
  kubernetesApi,
  storedRbac,
  type StoredRbac,
  writeBootstrapPolicy,
} from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { listen } from './fetch-https.ts'
import { kubectl, type KubectlRun } from './kubectl.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const ISSUER = 'https://issuer.example.com'

describe.runIf(has('kubectl'))('an API server whose roles are objects, used with kubectl', () => {
  let scratch: Scratch
  let server: Server
  let ca: string
  let policy: StoredRbac

  beforeAll(async () => {
    scratch = makeScratch()
    const pki = await createPki({ commonName: 'servers' })
    ca = pki.caPem
    const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const signingKey = await signingKeyFromPem(privateKey.export({ type: 'sec1', format: 'pem' }).toString())

    const store = memoryObjectStore()
    await writeBootstrapPolicy({ store })
    policy = await storedRbac({ store })
    const authorizer = unionAuthorizer(privilegedGroups('system:masters'), policy)
    const { serviceAccounts: objects } = credentialObjects(store)
    const api = await kubernetesApi({
      store,
      authorizer,
      rbac: policy,
      tokenIssuer: tokenIssuer({ issuer: ISSUER, signingKey, objects }),
    })
    const tokens: TokenAuthenticator[] = [
      tokenFile('root,root,1,system:masters\nclark,clark,2\nadmin,admin,3\n'),
      serviceAccountToken({ issuers: [ISSUER], keys: [signingKey.verificationKey], objects }),
    ]
    server = await listen(
      { cert, key },
      withAuthentication(
        authenticatorChain({ tokens }),
        withImpersonation(authorizer, withAuthorization(authorizer, api)),
      ),
    )
  })
  afterAll(async () => {
    await policy.close()
    server.close()
    server.closeAllConnections()
    scratch.remove()
  })

  const as = (token: string, line: string): Promise<KubectlRun> => {
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    return kubectl(scratch, { server: origin, ca, user: { token } }, line.split(' '))
  }
  const done = async (token: string, line: string): Promise<string> => {
    const { stdout, stderr, exitCode } = await as(token, line)
    expect([stderr, exitCode]).toEqual(['', 0])
    return stdout
  }

  it('knows the roles of every cluster', async () => {
    expect(await done('root', 'get clusterroles -o name')).toContain(
      'clusterrole.rbac.authorization.k8s.io/view\n',
    )
    expect((await as('clark', 'get secrets')).stderr).toBe(
      'Error from server (Forbidden): secrets is forbidden: User "clark" cannot list resource "secrets" in API group "" in the namespace "default"\n',
    )
  })

  it('lets a role count for the next command', async () => {
    await done('root', 'create role maps --verb=get,list --resource=configmaps')
    await done('root', 'create rolebinding maps --role=maps --user=clark')
    await done('clark', 'get configmaps -o name')
    await done('root', 'delete rolebinding maps')
    expect((await as('clark', 'get configmaps')).exitCode).toBe(1)
  })

  it('lets nobody grant what they do not have', async () => {
    await done('root', 'create namespace team')
    await done('root', 'create rolebinding admins -n team --clusterrole=admin --user=admin')
    await done('admin', 'create role reader -n team --verb=get,list --resource=pods')
    await done('admin', 'create rolebinding viewers -n team --clusterrole=view --user=clark')
    const { stderr, exitCode } = await as(
      'admin',
      'create role nodes -n team --verb=get,list --resource=nodes',
    )
    expect(exitCode).toBe(1)
    expect(stderr).toBe(
      'Error from server (Forbidden): roles.rbac.authorization.k8s.io "nodes" is forbidden: user "admin" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}\n',
    )
    expect(
      (await as('admin', 'create rolebinding all -n team --clusterrole=cluster-admin --user=admin')).stderr,
    ).toContain(
      'is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}',
    )
  })

  it('issues tokens for service accounts', async () => {
    await done('root', 'create serviceaccount jenkins')
    const token = (await done('root', 'create token jenkins --duration=20m')).trim()
    expect((await as(token, 'get pods')).stderr).toContain(
      'User "system:serviceaccount:default:jenkins" cannot list',
    )
    await done('root', 'create rolebinding jenkins --clusterrole=view --serviceaccount=default:jenkins')
    await done(token, 'get pods -o name')
    await done('root', 'delete serviceaccount jenkins')
    expect((await as(token, 'get pods')).stderr).toContain('You must be logged in to the server')
    expect((await as('root', 'create token jenkins')).stderr).toContain('serviceaccounts "jenkins" not found')
  })

  it('drains a node for those who may act as superman', async () => {
    const manifest = (kind: string, rest: object): string =>
      scratch.write(`${kind}.json`, JSON.stringify({ apiVersion: 'v1', kind, ...rest }))
    const node = manifest('Node', { metadata: { name: 'mynode' } })
    const pod = manifest('Pod', {
      metadata: { name: 'web' },
      spec: { nodeName: 'mynode', containers: [{ name: 'web', image: 'web' }] },
    })
    await done('root', `create --validate=false -f ${node}`)
    await done('root', `create --validate=false -f ${pod}`)
    await done(
      'root',
      'create clusterrole impersonator --verb=impersonate --resource=users --resource-name=superman',
    )
    await done('root', 'create clusterrolebinding impersonators --clusterrole=impersonator --user=clark')
    await done('root', 'create clusterrolebinding superman --clusterrole=cluster-admin --user=superman')

    const refused = await as('clark', 'drain mynode --force')
    expect(refused.stderr).toContain(
      'Error from server (Forbidden): nodes "mynode" is forbidden: User "clark" cannot get resource "nodes" in API group "" at the cluster scope',
    )
    const drained = await as('clark', 'drain mynode --force --as=superman')
    expect(drained).toMatchObject({
      exitCode: 0,
      stdout: 'node/mynode cordoned\nevicting pod default/web\npod/web evicted\nnode/mynode drained\n',
    })
    expect(await done('root', 'get pods -o name')).toBe('')
    expect(await done('root', 'get node mynode --no-headers')).toMatch(/^mynode +Unknown,SchedulingDisabled/)
  })
})
