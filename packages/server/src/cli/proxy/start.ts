import type { Awaitable, Observer } from '@kube-authn/core'
import { defined, loggingObserver } from '@kube-authn/core/internal'
import { type Endpoint, inClusterEndpoint, rbacAt } from '@kube-authn/node'
import { auditFromFlags, authenticatorFromFlags } from '@kube-authn/node/flags'
import { impersonatingProxy } from '@kube-authn/proxy'
import type { ClientCredential } from '../client/authenticated-fetch.ts'
import { kubeconfigSource } from '../client/kubeconfig-client.ts'
import { Failure } from '../failure.ts'
import { httpsServer, listenSecurely } from '../serve/listen.ts'
import { type OnClose, openAll, type Opened, serverLog } from '../serve/running.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { ProxySettings, UpstreamSettings } from './settings.ts'

/** A proxy that answers. */
export interface StartedProxy extends Opened {
  /** Its URL. */
  readonly server: string
  /** That of the cluster. */
  readonly upstream: string
}

/**
 * Starts the proxy.
 *
 * @throws {ConfigurationError | Failure} if a flag, a file or an address cannot be used. Nothing is left open then.
 */
export function startProxy(settings: ProxySettings, terminal: Terminal): Promise<StartedProxy> {
  return openAll((onClose) => open(settings, terminal, onClose))
}

async function open(
  settings: ProxySettings,
  terminal: Terminal,
  onClose: OnClose,
): Promise<Omit<StartedProxy, 'close'>> {
  const { refusedGroups, allowMasters, allowAnonymous, maxConnectionSeconds, secure: address, tls } = settings
  const log = serverLog(terminal)
  const audit = await auditFromFlags(settings.auditFlags)
  onClose(() => audit.close())
  const events: Observer = loggingObserver(undefined, log) ?? (() => undefined)
  const observer: Observer = (event) => {
    events(event)
    audit.observer(event)
  }
  const authenticator = await authenticatorFromFlags(settings.authenticationFlags, {
    observer: events,
    log,
  })
  onClose(() => authenticator.close())
  const { endpoint, credentials, close } = await openUpstream(terminal, settings.upstream)
  onClose(close)
  const impersonation = rolesAt(settings.impersonationRbac, observer, onClose)
  const authorization = rolesAt(settings.authorizationRbac, observer, onClose)
  const proxy = impersonatingProxy({
    authenticator,
    upstream: endpoint,
    refusedGroups,
    allowMasters,
    allowAnonymous,
    observer,
    log,
    ...defined({ credentials, maxConnectionSeconds, impersonation, authorization }),
  })
  onClose(() => proxy.close())
  const listening = await listenSecurely({
    address,
    files: settings.certificate,
    tls,
    observer: events,
    log,
    serverOf(options) {
      const server = httpsServer(options)
      const handle = proxy.express()
      server.on('request', handle)
      // So that nothing is sent that would be refused.
      server.on('checkContinue', handle)
      proxy.attach(server)
      return server
    },
  })
  onClose(listening.close)
  return { server: `https://${listening.address}`, upstream: endpoint.server }
}

function rolesAt(
  paths: readonly string[],
  observer: Observer,
  onClose: OnClose,
): ReturnType<typeof rbacAt> | undefined {
  if (paths.length === 0) return undefined
  const roles = rbacAt(paths, { observer })
  onClose(() => roles.close())
  return roles
}

/** The cluster, and the credentials for it. */
interface OpenedUpstream {
  readonly endpoint: Endpoint
  /** The token of a plug-in, instead of the credential of the endpoint. */
  readonly credentials?: (refused?: string) => Awaitable<string>
  readonly close: () => void
}

/** Finds the cluster. @throws {Failure | ConfigurationError} if a file cannot be used. */
async function openUpstream(terminal: Terminal, settings: UpstreamSettings): Promise<OpenedUpstream> {
  const { where, context } = settings
  if (where === 'in-cluster') return { endpoint: inClusterEndpoint(), close: () => {} }
  if (/^https?:\/\//i.test(where)) return { endpoint: endpointOf(settings), close: () => {} }
  const { endpoint, source, close } = await kubeconfigSource(terminal, where, context)
  if (source === undefined) return { endpoint, close }
  let used: ClientCredential = {}
  return {
    endpoint,
    close,
    async credentials(refused) {
      if (refused !== undefined && refused === used.token) await source.refused(used)
      used = await source.current()
      const { token } = used
      if (token === undefined) throw new Failure('--upstream: the plug-in of the kubeconfig gives no token')
      return token
    },
  }
}

function endpointOf({ where, caFile, tokenFile, certFile, keyFile }: UpstreamSettings): Endpoint {
  const credential = tokenFile === undefined ? undefined : ({ type: 'tokenFile', path: tokenFile } as const)
  return defined({ server: where, caFile, certFile, keyFile, credential })
}
