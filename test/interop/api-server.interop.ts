import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { authenticatorChain } from '@kube-authn/core'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { tlsServerOptions } from '@kube-authn/node'
import { memoryObjectStore } from '@kube-authn/store'
import { type ApiServer, apiServer } from '@kube-authn/server/node'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMPONENTS, has } from './components.ts'
import { kubectl, type KubectlRun } from './kubectl.ts'
import { JANE_MAY_DO_EVERYTHING } from './janes-roles.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const ROLES = `${JANE_MAY_DO_EVERYTHING}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: basic }
rules:
- { nonResourceURLs: [/api, /api/*, /apis, /apis/*, /version], verbs: [get] }
- { apiGroups: [authentication.k8s.io], resources: [selfsubjectreviews], verbs: [create] }
- { apiGroups: [authorization.k8s.io], resources: [selfsubjectaccessreviews, selfsubjectrulesreviews], verbs: [create] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: basic }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: basic }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated" }]
`

describe.runIf(has('kubectl'))('apiServer, used with kubectl', () => {
  let scratch: Scratch
  let api: ApiServer
  let server: Server
  let ca: string
  beforeAll(async () => {
    scratch = makeScratch()
    const pki = await createPki({ commonName: 'servers' })
    ca = pki.caPem
    const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
    const tokens = [tokenFile('janes-token,jane,1,developers\nbobs-token,bob,2\n')]
    api = await apiServer({
      store: memoryObjectStore(),
      authenticator: authenticatorChain({ tokens }),
      authorizer: rbac(parseRbac(ROLES)),
      tokens,
      log: false,
    })
    server = createServer(tlsServerOptions({ cert, key }), api.listener)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(async () => {
    await api.close()
    server.close()
    scratch.remove()
  })

  const origin = (): string => `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const as = (token: string, line: string): Promise<KubectlRun> =>
    kubectl(scratch, { server: origin(), ca, user: { token } }, line.split(' '))

  it.each<readonly [string, string, number, RegExp]>([
    [
      'janes-token',
      'auth whoami',
      0,
      /^ATTRIBUTE +VALUE\nUsername +jane\nUID +1\nGroups +\[developers system:authenticated\]\n/,
    ],
    ['janes-token', 'auth whoami --as=bob', 0, /^ATTRIBUTE +VALUE\nUsername +bob\n/],
    ['janes-token', 'auth can-i create pods', 0, /^yes\n$/],
    ['bobs-token', 'auth can-i create pods', 1, /^no\n$/],
    ['bobs-token', 'auth can-i create tokenreviews.authentication.k8s.io --all-namespaces', 1, /^no\n$/],
    ['bobs-token', 'auth can-i get /version', 0, /^yes\n$/],
    ['bobs-token', 'auth can-i --list', 0, /^Resources +Non-Resource URLs +Resource Names +Verbs\n/],
    [
      'janes-token',
      'get --raw /readyz?verbose',
      0,
      /^\[\+\]ping ok\n\[\+\]store ok\n\[\+\]writes ok\n\[\+\]shutdown ok\nreadyz check passed\n$/,
    ],
    ['janes-token', 'get --raw /livez/ping', 0, /^ok$/],
    [
      'janes-token',
      'api-resources --verbs=create -o name',
      0,
      /secrets\n[^]*tokenreviews\.authentication\.k8s\.io\n[^]*subjectaccessreviews\.authorization\.k8s\.io\n[^]*clusterroles\.rbac\.authorization\.k8s\.io\n/,
    ],
    [
      'janes-token',
      'api-versions',
      0,
      /authentication\.k8s\.io\/v1\n[^]*rbac\.authorization\.k8s\.io\/v1\nv1\n$/,
    ],
  ])('%s: %s', async (token, line, exitCode, printed) => {
    const run = await as(token, line)
    expect(run).toEqual({ exitCode, stderr: '', stdout: expect.stringMatching(printed) })
  })

  it('version, with which an older kubectl says how much older it is', async () => {
    const { exitCode, stdout, stderr } = await as('janes-token', 'version')
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(/\nServer Version: v1\.36\.\d+\+kube-authn\n$/),
    ])
    expect(stderr).toMatch(/^(?:WARNING: version difference between client .* and server \(1\.36\) .*\n)?$/)
  })

  it('cluster-info', async () => {
    const { stdout } = await as('janes-token', 'cluster-info')
    // oxlint-disable-next-line no-control-regex -- kubectl prints colors
    expect(stdout.replaceAll(/\u001b\[[\d;]*m/g, '')).toContain(
      `Kubernetes control plane is running at ${origin()}`,
    )
  })

  it('proxy', async () => {
    const kubeconfig = scratch.write(
      'proxy/config',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'app',
            cluster: { server: origin(), 'certificate-authority-data': Buffer.from(ca).toString('base64') },
          },
        ],
        users: [{ name: 'jane', user: { token: 'janes-token' } }],
        contexts: [{ name: 'app', context: { cluster: 'app', user: 'jane' } }],
        'current-context': 'app',
      }),
    )
    const proxy = spawn(COMPONENTS.kubectl.command, ['proxy', '--port=0'], {
      env: { PATH: process.env['PATH'] ?? '', HOME: scratch.path('proxy'), KUBECONFIG: kubeconfig },
    })
    try {
      const [line] = (await once(proxy.stdout, 'data')) as [Buffer]
      const [, address] = /Starting to serve on (\S+)/.exec(line.toString()) ?? []
      const namespaces = await fetch(`http://${address}/api/v1/namespaces`)
      expect([namespaces.status, await namespaces.json()]).toMatchObject([200, { kind: 'NamespaceList' }])
      const watch = await fetch(`http://${address}/api/v1/namespaces?watch=1`)
      const first = await watch.body?.getReader().read()
      expect(new TextDecoder().decode(first?.value)).toContain('"ADDED"')
    } finally {
      proxy.kill()
      await once(proxy, 'exit')
    }
  })
})
