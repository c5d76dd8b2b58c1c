import { join, resolve } from 'node:path'
import { setInterval } from 'node:timers'
import { defined, loggingObserver, messageOf, systemClock } from '@kube-authn/core/internal'
import { requireStore } from '../store-url/store-url.ts'
import { http2Server } from './http2-server.ts'
import { httpsServer, IDLE_MS, listenInsecurely, listenSecurely } from './listen.ts'
import { writeAdminKubeconfig } from './material/admin-kubeconfig.ts'
import { lockFolder, openPrivateFolder } from './material/private-files.ts'
import { clientAddress } from './material/hosts.ts'
import { ownMaterial, type OwnMaterial, serverTrust } from './material/own-material.ts'
import { openApi } from './open-api.ts'
import { openControllers } from './open-controllers.ts'
import { type Log, type OnClose, openAll, type Opened } from './running.ts'
import type { ServeSettings } from './settings.ts'

/** What a person or a program must know to use the server. */
export interface Announcement {
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

/** A server that answers. To close it completes requests that are running, and closes the store. */
export interface StartedServer extends Opened {
  readonly announcement: Announcement
}

/**
 * Starts everything: store, keys, chain, sockets, controllers.
 *
 * @throws {ConfigurationError | StoreError | Failure} if a flag, a file or an address cannot be used. Nothing is left open then.
 */
export function startServer(settings: ServeSettings, log: Log): Promise<StartedServer> {
  return openAll(async (onClose) => ({ announcement: await open(settings, onClose, log) }))
}

async function open(settings: ServeSettings, onClose: OnClose, log: Log): Promise<Announcement> {
  const { dataDir, secure, insecure, tls } = settings
  openPrivateFolder(dataDir)
  const lock = await lockFolder(dataDir)
  onClose(lock.release)
  if (lock.problem !== undefined) {
    const message = `the data folder is not locked (${lock.problem}): no other server may use it`
    log({ level: 'warn', message })
  }
  const named = requireStore(settings.store)
  const [store, material] = await both(
    named.open().then((made) => {
      onClose(() => made.close())
      return made
    }),
    ownMaterial(settings, systemClock.now()),
  )
  const chain = await openApi(settings, store, material, onClose, log)
  const listening = await listenSecurely({
    address: secure,
    files: material.serverCertificate,
    tls,
    observer: loggingObserver(undefined, log) ?? (() => undefined),
    log,
    serverOf: (options) =>
      tls.http2 === undefined
        ? httpsServer(options).on('request', chain.api.listener)
        : http2Server(options, { ...tls.http2, idleMs: IDLE_MS }).on('request', chain.api.listener),
  })
  onClose(listening.close)
  const plain = insecure === undefined ? undefined : await listenInsecurely(chain.api, insecure, log)
  if (plain !== undefined) onClose(plain.close)
  onClose(() => chain.api.close())

  const address = clientAddress(settings, listening.port)
  chain.reachedAt(address)
  const target = { server: `https://${address}`, serverCA: serverTrust(settings, material) }
  await openControllers(settings, material, chain, target, onClose, log)
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
