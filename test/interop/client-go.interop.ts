import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bearerToken } from '@kube-authn/core'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { apiServer } from '@kube-authn/server/node'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFailed,
  onTestFinished,
} from 'vitest'
import { runningServer } from '../../packages/server/test/running-server.ts'
import { COMPONENTS, GO_SOURCES, has } from './components.ts'
import { type Cluster, startCluster } from './kubernetes-1.6-document/cluster.ts'
import { freePort } from './ports.ts'
import { makeScratch, type Scratch } from './scratch.ts'
import { linesOf, type SeenLine } from './script-lines.ts'

const source = fileURLToPath(new URL('client-go', import.meta.url))
/** Compiled packages, which only the first run on a machine makes. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/go-build', import.meta.url))
const BUILD_MS = 900_000
/** The program runs for seconds, so that what makes programs fast or debuggable costs more than it brings: a third of the 700 packages' build. */
const BUILD_FLAGS = ['-gcflags=all=-l -dwarf=false', '-ldflags=-s -w']

const JSON_TYPE = 'application/json'
const PROTOBUF = 'application/vnd.kubernetes.protobuf'

/** What is seen of writes, over this protocol. */
const writesOver = (protocol: string): readonly SeenLine[] => [
  ['twice', 'AlreadyExists'],
  ['counted', '40'],
  ['stale', 'Conflict'],
  ['merge', { m: '1' }],
  ['strategic', { m: '1', s: '1' }],
  ['json', { j: '1', s: '1' }],
  ['dry run', 3],
  ['applied', { a: '1', b: '1' }],
  ['applied too', { a: '1', b: '1', c: '1' }],
  ['conflict', 'Conflict'],
  ['withdrawn', { b: '2', c: '1' }],
  ['extracted', { c: '1' }],
  ['labels', [0, 1, 0]],
  ['left', 0],
  ['compressed', [3, true, protocol]],
  ['short', false],
  ['kind of items', ''],
]

describe.runIf(has('go'))('client-go', () => {
  const programs = makeScratch()
  const program = programs.path('client-go')
  let scratch: Scratch
  let cluster: Cluster | undefined

  beforeAll(async () => {
    // Debian's sources are in a GOPATH, so that nothing is downloaded.
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: programs.folder,
      GOPATH: GO_SOURCES,
      GO111MODULE: 'off',
      GOCACHE: cache,
      CGO_ENABLED: '0',
    }
    await promisify(execFile)(COMPONENTS.go.command, ['build', ...BUILD_FLAGS, '-o', program, '.'], {
      cwd: source,
      env,
    })
  }, BUILD_MS)
  afterAll(() => programs.remove())

  beforeEach(() => {
    scratch = makeScratch()
  })
  afterEach(async () => {
    await cluster?.stop()
    cluster = undefined
    scratch.remove()
  })

  const run = (
    what: string,
    kubeconfig: string,
    type: string,
    restart?: (content: unknown) => Promise<void>,
  ): Promise<readonly SeenLine[]> => {
    const child = spawn(program, [what, kubeconfig, type])
    onTestFinished(() => void child.kill('SIGKILL'))
    let log = ''
    child.stderr.on('data', (part) => (log += String(part)))
    onTestFailed(() => console.log(log))
    return linesOf(child, restart)
  }
  const seenBy = async (what: string, type: string): Promise<readonly SeenLine[]> => {
    cluster = await startCluster(scratch, 'data', ['--in-memory'])
    return run(what, cluster.adminConfig, type)
  }

  describe.each([JSON_TYPE, PROTOBUF])('that writes %s', (type) => {
    it('elects one leader, another when it crashes, and another when that releases the lease', async () => {
      expect(await seenBy('election', type)).toEqual([
        ['first', 'one'],
        ['after a crash', 'two'],
        ['only one', 'two'],
        ['after a release', 'three'],
        ['list', { name: 'active', holder: 'three', seconds: 4, transitions: 2, acquired: true }],
        ['exact', 1_700_000_000_123_456],
      ])
    })

    it('changes objects in every way', async () => {
      expect(await seenBy('writes', type)).toEqual(writesOver('HTTP/1.1'))
    })

    it('gets tokens and certificates, and has the rights of roles', async () => {
      expect(await seenBy('access', type)).toEqual([
        ['expires', true],
        ['robot', 'system:serviceaccount:default:robot'],
        ['token review', [true, 'system:serviceaccount:default:robot']],
        ['without a role', 'Forbidden'],
        ['may', [false, true]],
        ['with a role', 'none'],
        ['impersonated', ['jane', ['ops', 'system:authenticated']]],
        ['after the account', 'Unauthorized'],
        ['requested by', 'kubernetes-admin'],
        ['same request', true],
        ['certificate', ['kim', ['ops', 'system:authenticated']]],
      ])
    })

    it('counts events', async () => {
      expect(await seenBy('events', type)).toEqual([
        ['event', ['ADDED', 'Tested', 1, 'about', 'tester']],
        ['event', ['MODIFIED', 'Tested', 2, 'about', 'tester']],
      ])
    })
  })

  // client-go asks ten times for the version that was lost, and waits for four seconds each time.
  it('follows objects through restarts of the server with and without them', async () => {
    const port = `--secure-port=${await freePort()}`
    cluster = await startCluster(scratch, 'data', [port])
    const restart = async (content: unknown): Promise<void> => {
      await cluster?.stop()
      cluster = await startCluster(scratch, 'data', content === 'lost' ? [port, '--in-memory'] : [port])
    }
    expect(await run('informers', cluster.adminConfig, PROTOBUF, restart)).toEqual([
      ['synced', 'add before'],
      ['told', ['add one', 'update one', 'delete one']],
      ['cached', true],
      ['restart', 'kept'],
      ['kept', [['add kept'], 2]],
      ['restart', 'lost'],
      ['lost', [['add lost', 'delete before', 'delete kept'], 1]],
    ])
  })

  it('lists in pages, and as a stream', async () => {
    expect(Object.fromEntries(await seenBy('reflector', PROTOBUF))).toEqual({
      pages: ['list 5 false', 'list 5 true', 'list 5 true', 'watch'],
      stream: ['stream'],
    })
  })

  it('lists again when the version that it watches from was forgotten', async () => {
    const kubeconfig = await overHttp2(memoryObjectStore({ maxHistoryChanges: 10 }))
    expect(await run('forgotten', scratch.write('kubeconfig', kubeconfig), PROTOBUF)).toEqual([
      ['told', ['add gone', 'add new-0', 'delete gone', 32]],
      ['lists', 2],
    ])
  })

  it('changes objects in every way over HTTP/2', async () => {
    const kubeconfig = await overHttp2(memoryObjectStore())
    const seen = await run('writes', scratch.write('kubeconfig', kubeconfig), PROTOBUF)
    expect(seen).toEqual(writesOver('HTTP/2.0'))
  })

  it('uses objects without types, which discovery tells of', async () => {
    expect(Object.fromEntries(await seenBy('dynamic', JSON_TYPE))).toEqual({
      discovered: [
        'certificatesigningrequests certificates.k8s.io/v1',
        'clusterrolebindings rbac.authorization.k8s.io/v1',
        'clusterroles rbac.authorization.k8s.io/v1',
        'configmaps v1',
        'credentialrevocations authentication.kube-authn.dev/v1',
        'events v1',
        'leases coordination.k8s.io/v1',
        'localsubjectaccessreviews authorization.k8s.io/v1',
        'namespaces v1',
        'nodes v1',
        'pods v1',
        'rolebindings rbac.authorization.k8s.io/v1',
        'roles rbac.authorization.k8s.io/v1',
        'secrets v1',
        'selfsubjectaccessreviews authorization.k8s.io/v1',
        'selfsubjectreviews authentication.k8s.io/v1',
        'selfsubjectrulesreviews authorization.k8s.io/v1',
        'serviceaccounts v1',
        'services v1',
        'subjectaccessreviews authorization.k8s.io/v1',
        'tokenreviews authentication.k8s.io/v1',
      ],
      version: '1',
      openapi: true,
      told: 'ConfigMap dynamic',
      listed: 'ConfigMap',
      metadata: 'dynamic',
    })
  })

  it('writes every kind in protobuf as in JSON', async () => {
    expect(Object.fromEntries(await seenBy('kinds', PROTOBUF))).toEqual({
      kinds: [
        'CertificateSigningRequest',
        'ClusterRole',
        'ClusterRoleBinding',
        'ConfigMap',
        'Event',
        'Lease',
        'Namespace',
        'Node',
        'Pod',
        'Role',
        'RoleBinding',
        'Secret',
        'Service',
        'ServiceAccount',
      ],
      'created at random': [
        'ConfigMap',
        'Event',
        'Lease',
        'Namespace',
        'Node',
        'Pod',
        'Role',
        'Secret',
        'Service',
        'ServiceAccount',
      ],
      different: [],
      changed: [],
    })
  })
})

/** A server in this process. @returns a kubeconfig for it. */
async function overHttp2(store: ObjectStore): Promise<string> {
  const api = await apiServer({
    store,
    authenticator: bearerToken(tokenFile('admins-token,admin,1\n')),
    authorizer: alwaysAllow(),
  })
  const { port, ca, close } = await runningServer(api.listener)
  onTestFinished(async () => {
    await api.close()
    await close()
  })
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
  }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'admins-token' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  })
}
