import type { Authenticator, Awaitable, Observer } from '@kube-authn/core'
import { defined, loggingObserver } from '@kube-authn/core/internal'
import { metrics } from '@kube-authn/metrics'
import { type Endpoint, inClusterEndpoint, lifecycle, type Lifecycle, rbacAt } from '@kube-authn/node'
import { auditFromFlags, authenticatorFromFlags } from '@kube-authn/node/flags'
import { AUDIT_FLAGS, AUTHENTICATION_FLAGS, type ParsedFlags } from '@kube-authn/node/internal'
import { impersonatingProxy, type ImpersonatingProxy } from '@kube-authn/proxy'
import type { Command } from 'commander'
import type { ClientCredential } from '../client/authenticated-fetch.ts'
import { kubeconfigSource } from '../client/kubeconfig-client.ts'
import { Failure } from '../failure.ts'
import { declareServer } from '../serve/flags/flag-help.ts'
import { givenFlags } from '../serve/flags/flag-table.ts'
import { secureAddress, shutdownSettings, tlsSettings } from '../serve/flags/listen-flags.ts'
import { httpsServer, listenSecurely } from '../serve/listen.ts'
import { type Log, type OnClose, openAll, runUntilStopped, serverLog } from '../serve/running.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { isUrl, PROXY_HELP, proxyFlags } from './flags.ts'
import { openMonitoring, openRevocations } from './monitoring.ts'

const AFTER = `
Users are authenticated by the flags of kube-apiserver, and the cluster need not know them: the proxy sends its own credential
with Impersonate-User, -Group, -Uid and -Extra headers. Its user needs the verb impersonate; docs/proxy.md has the roles.

Examples:
  kube-authn proxy --upstream=proxy.kubeconfig --tls-cert-file=tls.crt --tls-private-key-file=tls.key \\
    --oidc-issuer-url=https://issuer.example.com --oidc-client-id=kubectl
  kube-authn kubeconfig --through=https://127.0.0.1:8443 --issuer-url=https://issuer.example.com --client-id=kubectl

Exit codes:
  0    stopped by SIGTERM or Ctrl+C
  2    not started: a flag, a file or a port cannot be used`

export function declareCommand(command: Command, terminal: Terminal, argv: readonly string[]): void {
  declareServer(command, terminal, argv, {
    description: 'Authenticates requests, and forwards them to a cluster as their users.',
    after: AFTER,
    groups: PROXY_HELP,
    run: (flags) => proxy(flags, terminal),
  })
}

/** Runs the proxy until SIGTERM or SIGINT. @returns the exit code. */
async function proxy(argv: readonly string[], terminal: Terminal): Promise<number> {
  const flags = proxyFlags(argv)
  return runUntilStopped(
    terminal,
    (stopping) => openAll((onClose) => openProxy(flags, terminal, onClose, stopping)),
    ({ server, upstream }) =>
      flags.string('output') === 'json'
        ? `${JSON.stringify({ server, upstream })}\n`
        : `kube-authn forwards requests at ${server}\nto the cluster at ${upstream}\n\nCtrl+C stops it.\n`,
  )
}

/** The key of TLS is not that of tokens here. */
const HANDLED: ReadonlySet<string> = new Set(['tls-private-key-file'])

/**
 * Starts the proxy.
 *
 * @returns its URL and that of the cluster.
 * @throws {ConfigurationError | Failure | StoreError} if a flag, a file, a store or an address cannot be used.
 */
async function openProxy(
  flags: ParsedFlags,
  terminal: Terminal,
  onClose: OnClose,
  stopping: AbortSignal,
): Promise<{ readonly server: string; readonly upstream: string }> {
  const log = serverLog(terminal)
  const counted = metrics()
  const logged = loggingObserver(undefined, log)
  const events: Observer = (event) => {
    logged?.(event)
    counted.observer(event)
  }
  const audit = await auditFromFlags(givenFlags(flags, AUDIT_FLAGS), { observer: events })
  onClose(() => audit.close())
  const observer: Observer = (event) => {
    events(event)
    audit.observer(event)
  }
  const stored = await openRevocations(flags, { observer: counted.observer, log, stopping }, onClose)
  // In kube-apiserver they are on unless something is said.
  const authentication = ['--anonymous-auth=false', ...givenFlags(flags, AUTHENTICATION_FLAGS, HANDLED)]
  const authenticator = await authenticatorFromFlags(authentication, {
    observer: events,
    log,
    ...defined({ revocations: stored?.revocations }),
  })
  onClose(() => authenticator.close())
  const upstream = await openUpstream(terminal, flags)
  onClose(upstream.close)
  const parts = { authenticator, upstream, observer, events, log }
  const listening = await listenForUsers(flags, parts, onClose)
  await openMonitoring(flags, { stored, counted, isReady: listening.isReady, log }, onClose)
  // First of all, while everything else still works.
  onClose(listening.shutDown)
  return { server: `https://${listening.address}`, upstream: upstream.endpoint.server }
}

interface ForwardingParts {
  readonly authenticator: Authenticator
  readonly upstream: OpenedUpstream
  /** Receives the events of requests. */
  readonly observer: Observer
  /** Receives all others. */
  readonly events: Observer
  readonly log: Log
}

interface ListeningForUsers {
  readonly address: string
  /** Whether it does not shut down. */
  readonly isReady: () => boolean
  readonly shutDown: () => Promise<void>
}

/** Listens, and forwards what comes. */
async function listenForUsers(
  flags: ParsedFlags,
  { authenticator, upstream, observer, events, log }: ForwardingParts,
  onClose: OnClose,
): Promise<ListeningForUsers> {
  const impersonation = rolesAt(flags.list('impersonation-rbac'), observer, onClose)
  const authorization = rolesAt(flags.list('authorization-rbac'), observer, onClose)
  const maxConnectionSeconds = flags.seconds('max-connection-duration')
  const forwardingUntil = (closing: AbortSignal): ImpersonatingProxy =>
    impersonatingProxy({
      authenticator,
      upstream: upstream.endpoint,
      refusedGroups: flags.list('refused-groups'),
      allowMasters: flags.boolean('allow-masters'),
      allowAnonymous: flags.isGiven('anonymous-auth') && flags.boolean('anonymous-auth'),
      observer,
      log,
      closing,
      ...(maxConnectionSeconds > 0 && { maxConnectionSeconds }),
      ...defined({ credentials: upstream.credentials, impersonation, authorization }),
    })
  const { certificate = { certFile: '', keyFile: '' }, ...tls } = tlsSettings(flags)
  const made: { life?: Lifecycle } = {}
  const listening = await listenSecurely({
    address: secureAddress(flags),
    files: certificate,
    tls,
    observer: events,
    log,
    serverOf(options) {
      const server = httpsServer(options)
      made.life = lifecycle(server, shutdownSettings(flags))
      const forwarding = forwardingUntil(made.life.closing)
      onClose(() => forwarding.close())
      const handle = forwarding.express()
      server.on('request', handle)
      // So that nothing is sent that would be refused.
      server.on('checkContinue', handle)
      forwarding.attach(server)
      return server
    },
  })
  onClose(listening.close)
  return {
    address: listening.address,
    isReady: () => made.life?.isReady === true,
    shutDown: async () => made.life?.close(),
  }
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
async function openUpstream(terminal: Terminal, flags: ParsedFlags): Promise<OpenedUpstream> {
  const where = flags.string('upstream')
  if (where === 'in-cluster') return { endpoint: inClusterEndpoint(), close: () => {} }
  if (isUrl(where)) return { endpoint: endpointOf(where, flags), close: () => {} }
  const context = flags.optional('upstream-context')
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

function endpointOf(server: string, flags: ParsedFlags): Endpoint {
  const path = flags.optional('upstream-token-file')
  return defined({
    server,
    caFile: flags.optional('upstream-ca-file'),
    certFile: flags.optional('upstream-client-cert-file'),
    keyFile: flags.optional('upstream-client-key-file'),
    credential: path === undefined ? undefined : ({ type: 'tokenFile', path } as const),
  })
}
