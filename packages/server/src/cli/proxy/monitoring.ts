import type { Observer } from '@kube-authn/core'
import { defined, messageOf } from '@kube-authn/core/internal'
import type { metrics } from '@kube-authn/metrics'
import type { ParsedFlags } from '@kube-authn/node/internal'
import { type ObjectStore, observeStore } from '@kube-authn/store'
import { basicChecks, shutdownCheck } from '../../api/health.ts'
import { revocations, type StoredRevocations } from '../../revocations/revocations.ts'
import { monitoringListener } from '../../server/monitoring-listener.ts'
import { processMetrics } from '../../server/process-metrics.ts'
import { failureLog } from '../../server/request-listener.ts'
import { listenOverHttp } from '../serve/listen.ts'
import { type Log, type OnClose, recoveryLog } from '../serve/running.ts'
import { openStore } from '../store-url/open-store.ts'
import { requireStore } from '../store-url/store-url.ts'

/** The store of `--store`, and what is revoked in it. */
export interface OpenedRevocations {
  readonly store: ObjectStore
  readonly revocations: StoredRevocations
}

/** Follows the revocations in the store of `--store`; `undefined` without one. @throws {StoreError} if it cannot be opened. */
export async function openRevocations(
  flags: ParsedFlags,
  {
    observer,
    log,
    stopping,
  }: { readonly observer: Observer; readonly log: Log; readonly stopping: AbortSignal },
  onClose: OnClose,
): Promise<OpenedRevocations | undefined> {
  if (!flags.isGiven('store')) return undefined
  const opened = await openStore(requireStore(flags.string('store')), log, onClose, stopping)
  const store = observeStore(opened, { observer })
  const revoked = await revocations({
    store,
    onError: (error) => log({ level: 'error', message: messageOf(error, 'the store cannot be followed') }),
    observer: recoveryLog(observer, log),
  })
  onClose(() => revoked.close())
  return { store, revocations: revoked }
}

interface MonitoringParts {
  readonly stored: OpenedRevocations | undefined
  readonly counted: ReturnType<typeof metrics>
  readonly isReady: () => boolean
  readonly log: Log
}

/** Answers monitors at `--healthz-port`, if there is one. @throws {Failure} if the address cannot be used. */
export async function openMonitoring(
  flags: ParsedFlags,
  { stored, counted, isReady, log }: MonitoringParts,
  onClose: OnClose,
): Promise<void> {
  const address = { host: flags.string('healthz-bind-address'), port: flags.number('healthz-port') }
  if (address.port === 0) return
  const ofProcess = processMetrics()
  onClose(() => ofProcess.close())
  const listener = monitoringListener({
    checks: [...basicChecks(defined({ ...stored })), shutdownCheck(isReady)],
    onUnhealthy: failureLog(log).unhealthy,
    renderMetrics: () => counted.render() + ofProcess.render(),
  })
  const listening = await listenOverHttp(listener, address, 'healthz', log)
  onClose(listening.close)
}
