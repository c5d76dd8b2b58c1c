import { join, resolve } from 'node:path'
import { loggingObserver, messageOf, systemClock } from '@kube-authn/core/internal'
import { storeFailureOf } from '../store-failure.ts'
import { openStoreAt, shownStore } from '../store-url/store-url.ts'
import type { Announcement } from './announcement.ts'
import { type Closers, closers } from './closers.ts'
import { http2Server } from './http2-server.ts'
import { httpsServer, IDLE_MS, listenInsecurely, listenSecurely } from './listen.ts'
import { writeAdminKubeconfig } from './material/admin-kubeconfig.ts'
import { clientAddress } from './material/hosts.ts'
import { lockFolder } from './material/folder-lock.ts'
import { ownMaterial, type OwnMaterial } from './material/own-material.ts'
import { openPrivateFolder } from './material/private-files.ts'
import { openApi } from './open-api.ts'
import { openControllers } from './open-controllers.ts'
import type { Log } from './server-log.ts'
import { serverTrust } from './server-trust.ts'
import type { ServeSettings } from './settings.ts'

/** A server that answers. */
export interface StartedServer {
  readonly announcement: Announcement
  /** Completes requests that are running, and closes the store. */
  close(this: void): Promise<void>
}

/**
 * Starts everything: store, keys, chain, sockets, controllers.
 *
 * @throws {ConfigurationError | Failure} if a flag, a file or an address cannot be used. Nothing is left open then.
 */
export async function startServer(settings: ServeSettings, log: Log): Promise<StartedServer> {
  const opened = closers()
  try {
    const announcement = await open(settings, opened, log)
    return { announcement, close: () => opened.close() }
  } catch (error) {
    await opened.close().catch(() => undefined)
    throw storeFailureOf(error)
  }
}

async function open(settings: ServeSettings, opened: Closers, log: Log): Promise<Announcement> {
  const { dataDir, secure, insecure, tls } = settings
  openPrivateFolder(dataDir)
  const lock = await lockFolder(dataDir)
  opened.add(() => lock.release())
  if (lock.problem !== undefined) {
    const message = `the data folder is not locked (${lock.problem}): no other server may use it`
    log({ level: 'warn', message })
  }
  const [store, material] = await both(
    openStoreAt(settings.store).then((made) => {
      opened.add(() => made.close())
      return made
    }),
    ownMaterial(settings, systemClock.now()),
  )
  const chain = await openApi(settings, store, material, opened, log)
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
  opened.add(() => listening.close())
  const plain = insecure === undefined ? undefined : await listenInsecurely(chain.api, insecure, log)
  if (plain !== undefined) opened.add(() => plain.close())
  opened.add(() => chain.api.close())

  const address = clientAddress(settings, listening.port)
  chain.reachedAt(address)
  const target = { server: `https://${address}`, serverCA: serverTrust(settings, material) }
  await openControllers(settings, material, chain, target, opened, log)
  opened.add(renewal(material, log))
  const kubeconfig = join(dataDir, 'admin.conf')
  await writeAdminKubeconfig(kubeconfig, material.authority, target, systemClock.now())
  const shown = shownStore(settings.store)
  return {
    server: target.server,
    ...(plain !== undefined &&
      insecure !== undefined && { insecureServer: plainUrl(insecure.host, plain.port) }),
    dataDir: resolve(dataDir),
    kubeconfig: resolve(kubeconfig),
    ...(shown !== undefined && { store: shown }),
  }
}

/** Both results, once both are settled: a failure of one must not leave the other open. */
async function both<A, B>(one: Promise<A>, two: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, two])
  return Promise.all([one, two])
}

function plainUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** How often it is looked whether the own certificate must be renewed. */
const PERIOD_MS = 12 * 3_600_000

/** Renews the own certificate while the server runs. Returns a function that ends it. */
function renewal({ renew }: Pick<OwnMaterial, 'renew'>, log: Log): () => void {
  let cancel = (): void => {}
  const wait = (): void => {
    cancel = systemClock.after(PERIOD_MS, () => {
      void check().finally(wait)
    })
  }
  const check = async (): Promise<void> => {
    try {
      await renew(systemClock.now())
    } catch (error) {
      log({ level: 'error', message: `the certificate cannot be renewed: ${messageOf(error, 'failed')}` })
    }
  }
  wait()
  return () => cancel()
}
