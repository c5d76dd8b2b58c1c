import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { COMMAND, folderOf } from '../../packages/server/test/command.ts'
import {
  type PathFetch,
  type Served,
  type ServeProcess,
  startServeProcess,
} from '../../packages/server/test/served.ts'
import { COMPONENTS, has } from './components.ts'
import { type FaultyNetwork, openNetwork } from './network.ts'
import { freePort } from './ports.ts'
import { type RunningPostgres, startPostgres } from './postgres.ts'
import { type Alert, monitoringFile, type RunningPrometheus, startPrometheus } from './prometheus.ts'
import { makeScratch } from './scratch.ts'

type Replica = Served & ServeProcess

const TOKEN = 'token-of-prometheus'
const CLOCK = pathToFileURL(join(COMMAND, '../../../test/clock-ahead.mjs')).href
const AHEAD = { NODE_OPTIONS: `--import=${CLOCK}`, CLOCK_AHEAD_MS: '60000' }
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'

describe.runIf(has('prometheus', 'postgres', 'setpriv', 'openssl', 'prlimit'))('alerts', () => {
  const scratch = makeScratch()
  const closing: (() => Promise<void>)[] = []
  let server: RunningPostgres
  let admin: pg.Pool
  let prometheus: RunningPrometheus
  afterAll(async () => {
    for (const close of closing.toReversed()) await close()
    scratch.remove()
  })

  it('fire for each fault of replicas, say what it is, and end with it', async () => {
    const ports = [await freePort(), await freePort(), await freePort()] as const
    const [first, second, third] = ports
    server = await startPostgres(scratch)
    closing.push(() => server.close())
    admin = new pg.Pool({ connectionString: server.url })
    admin.on('error', () => undefined)
    closing.push(() => admin.end())
    const network = await openNetwork(server.port)
    closing.push(() => network.close())
    const tokens = join(folderOf({ 'tokens.csv': `${TOKEN},prometheus,1,system:monitoring` }), 'tokens.csv')
    const folders = folderOf()

    const start = async (
      port: number,
      flags: readonly string[] = [],
      env = {},
      at = server.port,
    ): Promise<Replica> => {
      const dataDir = join(folders, String(port))
      if (port !== first) copyKeys(join(folders, String(first)), dataDir)
      return startServeProcess(
        [
          `--data-dir=${dataDir}`,
          `--secure-port=${port}`,
          `--store=postgres://postgres@127.0.0.1:${at}/postgres`,
          `--token-auth-file=${tokens}`,
          '--leader-elect-lease-duration=3s',
          '--leader-elect-renew-deadline=2s',
          '--leader-elect-retry-period=500ms',
          ...flags,
        ],
        env,
      )
    }
    const a = await start(first, ['--max-mutating-requests-inflight=2'])
    const certificate = shortLived(join(folders, String(first), 'pki'))
    const caFile = join(folders, String(first), 'pki/ca.crt')
    const [b, c] = await Promise.all([
      start(second, ['--max-objects-per-namespace=1'], {}, network.port),
      start(third, certificate.flags),
    ])
    prometheus = await startPrometheus(scratch, { ports, caFile, token: TOKEN })
    closing.push(() => prometheus.close())

    await Promise.all([
      faultsOfClients(a, first),
      faultsOfNetwork(b, network, second),
      faultsOfProcess(c, third),
    ])
    await faultsOfDatabase(a)
    await vi.waitFor(async () => expect(await prometheus.alerts()).toEqual([]))
    // Each line of the dashboard has shown something.
    const empty: string[] = []
    for (const expression of dashboardExpressions()) {
      if ((await prometheus.seriesOf(expression)) === 0) empty.push(expression)
    }
    expect(empty).toEqual([])

    async function faultsOfProcess(replica: Replica, port: number): Promise<void> {
      await fires('CertificateExpires', port)
      certificate.renew()
      await ends('CertificateExpires', port)

      await replica.stop('SIGKILL')
      await fires('ReplicaDown', port)
      await admin.query('INSERT INTO kube_authn.migration (version) VALUES (3)')
      const wrong = await start(port, certificate.flags, AHEAD)
      await Promise.all([ends('ReplicaDown', port), fires('ClockWrong', port), fires('SchemaVersionsDiffer')])
      await admin.query('DELETE FROM kube_authn.migration WHERE version = 3')
      await wrong.stop()
      await start(port, certificate.flags)
      await Promise.all([ends('ClockWrong', port), ends('SchemaVersionsDiffer')])
    }
  })

  /** A namespace is full, and then the database does not answer one replica. */
  async function faultsOfNetwork(replica: Replica, network: FaultyNetwork, port: number): Promise<void> {
    for (let count = 0; count < 2; count++) await create(replica.admin)
    await fires('QuotaReached', port)
    network.drop()
    await Promise.all([fires('StoreDown', port), fires('CopiesStale', port)])
    network.mend()
    await Promise.all([ends('StoreDown', port), ends('CopiesStale', port), ends('QuotaReached', port)])
  }

  /** Clients ask for too much, or for what is not there any more. */
  async function faultsOfClients(replica: Replica, port: number): Promise<void> {
    await admin.query('SELECT kube_authn.compact(revision, 1000) FROM kube_authn.store')
    const watch = await replica.admin(`${CONFIG_MAPS}?watch=1&resourceVersion=1`)
    expect(await watch.text()).toContain('"code":410')
    await fires('WatchesLost', port)

    const bound = await replica.admin('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      method: 'POST',
      body: {
        metadata: { name: 'edit' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'prometheus' }],
      },
    })
    expect(bound.status).toBe(201)
    // Administrators are not limited.
    const user = replica.as(TOKEN)
    await during(['Overload', 'TlsHandshakeErrors'], port, () =>
      Promise.all([...Array.from({ length: 20 }, () => create(user)), notTls(port)]),
    )
    await ends('WatchesLost', port)

    const sockets: Socket[] = []
    const { pid = 0 } = replica.child
    limitFiles(pid, filesOf(pid) + 100)
    for (let count = 0; count < 90; count++)
      sockets.push(connect(port, '127.0.0.1').on('error', () => undefined))
    await fires('FileDescriptorsLow', port)
    for (const socket of sockets) socket.destroy()
    await ends('FileDescriptorsLow', port)

    await during(['EventLoopSlow'], port, async () => {
      process.kill(pid, 'SIGSTOP')
      await delay(600)
      process.kill(pid, 'SIGCONT')
      await delay(300)
    })
  }

  /** The database is there, and does not do what it should. */
  async function faultsOfDatabase(replica: Replica): Promise<void> {
    const become = async (what: 'on' | 'off'): Promise<void> => {
      await admin.query(`ALTER DATABASE postgres SET default_transaction_read_only = ${what}`)
      await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      )
    }
    await become('on')
    const asked = during(['ServerErrors'], undefined, () => create(replica.admin))
    await Promise.all([fires('StoreReadOnly'), fires('NoActiveControllers'), asked])
    await admin.query('SET default_transaction_read_only = off')
    await become('off')
    await Promise.all([ends('StoreReadOnly'), ends('NoActiveControllers')])

    const locker = await admin.connect()
    await during(['StoreSlow', 'StoreConnectionsUsedUp'], undefined, async () => {
      const reads = Array.from({ length: 30 }, () => replica.admin('/api/v1/namespaces/default'))
      await locker.query(
        'BEGIN; LOCK TABLE kube_authn.object IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.8); COMMIT',
      )
      for (const response of await Promise.all(reads)) await response.arrayBuffer()
    })
    locker.release()
  }

  /** Repeats what causes alerts until all of them fire. Then they end. */
  async function during(
    names: readonly string[],
    port: number | undefined,
    cause: () => Promise<unknown>,
  ): Promise<void> {
    const found = Promise.all(names.map((name) => fires(name, port))).then(() => true)
    while (!(await Promise.race([found, cause().then(() => false)])));
    await Promise.all(names.map((name) => ends(name, port)))
  }

  async function firing(name: string, port?: number): Promise<Alert | undefined> {
    const alerts = await prometheus.alerts()
    return alerts.find(
      ({ labels }) =>
        labels['alertname'] === `KubeAuthn${name}` &&
        (port === undefined || labels['instance'] === `127.0.0.1:${port}`),
    )
  }

  async function fires(name: string, port?: number): Promise<void> {
    const alert = await vi.waitUntil(() => firing(name, port), { interval: 100 })
    // A template that fails says so in `<...>`.
    expect(alert.annotations['summary']).toMatch(/^[^<]+$/)
  }

  async function ends(name: string, port?: number): Promise<void> {
    await vi.waitUntil(async () => (await firing(name, port)) === undefined, { interval: 100 })
  }

  /** Creates an object. */
  async function create(ask: PathFetch): Promise<void> {
    const metadata = { generateName: 'a-' }
    const response = await ask(CONFIG_MAPS, { method: 'POST', body: { metadata } })
    await response.arrayBuffer()
  }
})

function filesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

function limitFiles(pid: number, count: number): void {
  execFileSync(COMPONENTS.prlimit.command, [`--pid=${pid}`, `--nofile=${count}:`])
}

function dashboardExpressions(): readonly string[] {
  const { panels } = JSON.parse(readFileSync(monitoringFile('dashboard.json'), 'utf8')) as {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[]
  }
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  return expressions.map((each) => each.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '5s'))
}

/** Sends what is not a TLS handshake. */
function notTls(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('GET / HTTP/1.1\r\n\r\n'))
    socket
      .on('error', () => undefined)
      .on('close', () => resolve())
      .resume()
  })
}

/** Replicas of one API server have the same keys. */
function copyKeys(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  cpSync(join(from, 'pki'), join(to, 'pki'), { recursive: true })
  for (const name of ['apiserver.crt', 'apiserver.key']) rmSync(join(to, 'pki', name), { force: true })
}

/** A certificate for five days, which can be renewed for a hundred. */
function shortLived(pki: string): { readonly flags: readonly string[]; renew(): void } {
  const folder = folderOf({ extensions: 'subjectAltName=IP:127.0.0.1' })
  const openssl = (command: string): void =>
    void execFileSync(COMPONENTS.openssl.command, command.split(' '), { cwd: folder, stdio: 'pipe' })
  const sign = (days: number): void => {
    openssl(
      `x509 -req -in tls.csr -CA ${pki}/ca.crt -CAkey ${pki}/ca.key -days ${days} -extfile extensions -out new.crt`,
    )
    renameSync(join(folder, 'new.crt'), join(folder, 'tls.crt'))
  }
  openssl(
    'req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -subj /CN=a -out tls.csr',
  )
  sign(5)
  return {
    flags: [
      `--tls-cert-file=${join(folder, 'tls.crt')}`,
      `--tls-private-key-file=${join(folder, 'tls.key')}`,
    ],
    renew: () => sign(100),
  }
}
