import { join, resolve } from 'node:path'
import { setInterval } from 'node:timers'
import { defined, loggingObserver, messageOf, systemClock } from '@kube-authn/core/internal'
import type { ParsedFlags } from '@kube-authn/node/internal'
import type { Command } from 'commander'
import { openStore } from '../store-url/open-store.ts'
import { requireStore } from '../store-url/store-url.ts'
import { type Style, styleFor, type Terminal } from '../terminal/terminal.ts'
import { checkFlags } from './check-flags.ts'
import { declareServer, FURTHER_FLAGS, SHOWN_FLAGS } from './flags/flag-help.ts'
import { http2Settings, secureAddress, tlsSettings } from './flags/listen-flags.ts'
import { readFlags, serveFlags, servingNotices } from './flags/serve-flags.ts'
import { storeValueOf } from './flags/serving-problems.ts'
import { http2Server, httpsServer, IDLE_MS, listenOverHttp, listenSecurely } from './listen.ts'
import { writeAdminKubeconfig } from './material/admin-kubeconfig.ts'
import { lockFolder, openPrivateFolder } from './material/private-files.ts'
import { clientAddress, ownMaterial, type OwnMaterial, serverTrust } from './material/own-material.ts'
import { openApi } from './open-api.ts'
import { openControllers } from './open-controllers.ts'
import { type Log, type OnClose, openAll, runUntilStopped, serverLog } from './running.ts'

const AFTER = `
The flags are those of kube-apiserver and kube-controller-manager, of today and of 1.6. A boolean flag is off with
--flag=false. Flags of parts that are not here, such as --etcd-servers, are accepted with a notice; those that promise
a protection that would not be there are refused.

The first start makes a CA, a certificate, keys and a kubeconfig in the data folder, readable for you only.

Examples:
  kube-authn serve
  kube-authn serve --token-auth-file=tokens.csv --data-dir=/var/lib/kube-authn
  kube-authn serve --in-memory --secure-port=0 --output json
  kube-authn serve --bind-address=0.0.0.0 --advertise-address=192.0.2.10
  kube-authn serve --check --authentication-config=authentication.yaml

Exit codes:
  0    stopped by SIGTERM or Ctrl+C; with --check, the flags and their files can be used
  1    with --check: a flag or a file cannot be used
  2    not started, or failed: a flag, a file or a port cannot be used
  130  ended by a second Ctrl+C before all requests were complete`

export function declareCommand(command: Command, terminal: Terminal, argv: readonly string[]): void {
  declareServer(command, terminal, argv, {
    description: 'Serves the Kubernetes API for credentials and roles, with the flags of kube-apiserver.',
    after: AFTER,
    groups: SHOWN_FLAGS,
    further: FURTHER_FLAGS,
    run: (flags) => serve(flags, terminal),
  })
}

/** Serves until SIGTERM or SIGINT, or only checks the flags. @returns the exit code. */
async function serve(argv: readonly string[], terminal: Terminal): Promise<number> {
  const given = readFlags(argv)
  if (given.boolean('check')) return checkFlags(given, terminal)
  const flags = serveFlags(argv)
  const log = serverLog(terminal)
  for (const { severity, message } of servingNotices(flags)) {
    log({ level: severity === 'warning' ? 'warn' : 'info', message: `flags: ${message}` })
  }
  return runUntilStopped(
    terminal,
    (stopping) =>
      openAll(async (onClose) => ({ announcement: await openServer(flags, onClose, log, stopping) })),
    ({ announcement }) =>
      flags.string('output') === 'json'
        ? `${JSON.stringify(announcement)}\n`
        : announcementText(announcement, styleFor(terminal)),
  )
}

/** For people: where the server is, and lines to paste. */
function announcementText(
  { server, insecureServer, dataDir, kubeconfig, store }: Announcement,
  style: Style,
): string {
  return `${style('bold', `kube-authn serves the Kubernetes API at ${server}`)}
${insecureServer === undefined ? '' : `and with plain HTTP at ${insecureServer}\n`}
  objects     ${store ?? 'in memory: they end with this process'}
  keys        ${dataDir}
  kubeconfig  ${kubeconfig} (system:masters: it may do everything)

In another terminal:

  export KUBECONFIG=${shellQuoted(kubeconfig)}
  kubectl auth whoami
  kubectl create serviceaccount jenkins
  kubectl create token jenkins
  kubectl get serviceaccounts,secrets

Ctrl+C stops it.
`
}

function shellQuoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}

/** What a person or a program must know to use the server. */
interface Announcement {
  /** The URL for clients. */
  readonly server: string
  /** The URL of plain HTTP. */
  readonly insecureServer?: string
  /** Absolute, as are the other paths. */
  readonly dataDir: string
  readonly kubeconfig: string
  /** Absent: the objects are in memory. */
  readonly store?: string
}

/**
 * Starts everything: store, keys, chain, sockets, controllers.
 *
 * @throws {ConfigurationError | StoreError | Failure} if a flag, a file or an address cannot be used.
 */
async function openServer(
  flags: ParsedFlags,
  onClose: OnClose,
  log: Log,
  stopping: AbortSignal,
): Promise<Announcement> {
  const dataDir = flags.string('data-dir')
  openPrivateFolder(dataDir)
  const lock = await lockFolder(dataDir)
  onClose(lock.release)
  if (lock.problem !== undefined) {
    const message = `the data folder is not locked (${lock.problem}): no other server may use it`
    log({ level: 'warn', message })
  }
  const named = requireStore(storeValueOf(flags))
  const [store, material] = await both(
    openStore(named, log, onClose, stopping),
    ownMaterial(flags, systemClock.now()),
  )
  const chain = await openApi(flags, store, material, onClose, log)
  const http2 = http2Settings(flags)
  const listening = await listenSecurely({
    address: secureAddress(flags),
    files: material.serverCertificate,
    tls: tlsSettings(flags),
    observer: loggingObserver(chain.observer, log) ?? chain.observer,
    log,
    serverOf: (options) =>
      http2 === undefined
        ? httpsServer(options).on('request', chain.api.listener)
        : http2Server(options, { ...http2, idleMs: IDLE_MS }).on('request', chain.api.listener),
  })
  onClose(listening.close)
  const insecure = { host: flags.string('insecure-bind-address'), port: flags.number('insecure-port') }
  const plain =
    insecure.port === 0 ? undefined : await listenOverHttp(chain.api.listener, insecure, 'insecure', log)
  if (plain !== undefined) onClose(plain.close)
  onClose(() => chain.api.close())

  const address = clientAddress(flags, listening.port)
  chain.reachedAt(address)
  const target = { server: `https://${address}`, serverCA: serverTrust(flags, material) }
  await openControllers(flags, material, chain, target, onClose, log)
  onClose(renewal(material, log))
  const kubeconfig = join(dataDir, 'admin.conf')
  await writeAdminKubeconfig(kubeconfig, material.authority, target, systemClock.now())
  return {
    server: target.server,
    ...(plain !== undefined && { insecureServer: `http://${plain.address}` }),
    dataDir: resolve(dataDir),
    kubeconfig: resolve(kubeconfig),
    ...defined({ store: named.shown }),
  }
}

/** Both results, once both are settled: a failure of one must not leave the other open. */
async function both<A, B>(one: Promise<A>, two: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, two])
  return Promise.all([one, two])
}

/** How often it is looked whether the own certificate must be renewed. */
const PERIOD_MS = 12 * 3_600_000

/** Renews the own certificate while the server runs. Returns a function that ends it. */
function renewal({ renew }: Pick<OwnMaterial, 'renew'>, log: Log): () => void {
  const timer = setInterval(() => {
    renew(systemClock.now()).catch((error: unknown) => {
      log({ level: 'error', message: `the certificate cannot be renewed: ${messageOf(error, 'failed')}` })
    })
  }, PERIOD_MS)
  timer.unref()
  return () => clearInterval(timer)
}
