import type { ClientRequest } from 'node:http'
import type { Authentication, Clock } from '@kube-authn/core'
import { above, type OptionsShape } from '@kube-authn/core/adapter'
import {
  aClock,
  isStatusError,
  memberOf,
  optionProblems,
  refuseProblems,
  systemClock,
  withMethods,
} from '@kube-authn/core/internal'
import { type ActingOptions, actingHeaders, actingRules, actingShape } from '../acting-user.ts'
import { endOf, type UntilEnd } from '../connection-ends.ts'
import { unauthorized } from '../failures.ts'
import { pairsOf } from '../headers/hop-by-hop.ts'
import { isImpersonation } from '../headers/identity-headers.ts'
import type { Header } from '../node-types.ts'

/** Options of {@link kubeConfigAsUser}: those of `clusterClient` about users and their credentials. */
export interface KubeConfigAsUserOptions extends ActingOptions {
  /** How long a request, with its response, may last at most, also if the credential never expires. Default: no limit. */
  readonly maxConnectionSeconds?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

/** What is used of a `KubeConfig` of `@kubernetes/client-node` 2: how it authenticates requests of its clients, and upgrades. */
export interface ClientConfig {
  /** @param context has the dispatcher of undici for one request. */
  applySecurityAuthentication(context: object): Promise<void>
  /** @param options of `node:https` and the package ws. */
  applyToHTTPSOptions(options: object): Promise<void>
}

/**
 * The same configuration of `@kubernetes/client-node` 2, whose requests are made as a user: by API clients, watches, informers, logs and upgrades. The client itself impersonates by the
 * user name only. The credential of the configuration needs the right to impersonate; requests end once that of the user expires or is revoked.
 *
 * @param authentication the result of `getAuthentication(...)`.
 * @throws {StatusError} as `asUser` of `clusterClient` does.
 * @throws {ConfigurationError} if an option is invalid, or the configuration is none.
 * @example
 * const core = kubeConfigAsUser(config, getAuthentication(req)).makeApiClient(CoreV1Api)
 * const pods = await core.listNamespacedPod({ namespace: 'default' })
 */
export function kubeConfigAsUser<Config extends ClientConfig>(
  config: Config,
  authentication: Authentication,
  options: KubeConfigAsUserOptions = {},
): Config {
  refuseProblems(aConfig(config, 'config'), optionProblems(shape, options))
  const { maxConnectionSeconds, clock = systemClock, ...acting } = options
  const headers = actingHeaders(authentication, actingRules(acting, 'impersonate'))
  if (isStatusError(headers)) throw headers
  const ends = endOf(maxConnectionSeconds, clock)
  const untilEnd = (onClosed: Parameters<UntilEnd>[1]): AbortSignal | undefined => {
    const signal = ends(authentication, onClosed)
    if (signal?.aborted === true) throw unauthorized()
    return signal
  }
  const asUser: ClientConfig = {
    async applySecurityAuthentication(context) {
      await config.applySecurityAuthentication(context)
      const dispatcher = called(context, 'getDispatcher')
      if (dispatcher === undefined) throw new TypeError('requests as a user need a cluster with TLS')
      const dispatchAs =
        (dispatch: Dispatch): Dispatch =>
        (sent, handler) =>
          dispatch({ ...sent, headers: withUser(sent.headers, headers) }, endedHandler(handler, untilEnd))
      called(context, 'setDispatcher', called(dispatcher, 'compose', dispatchAs))
    },
    async applyToHTTPSOptions(sent: { headers?: unknown; finishRequest?: (request: ClientRequest) => void }) {
      await config.applyToHTTPSOptions(sent)
      sent.headers = withUser(sent.headers, headers)
      const closed = new AbortController()
      const ended = untilEnd((listener) => closed.signal.addEventListener('abort', listener, { once: true }))
      // An option of ws: the request is not over once it is upgraded.
      sent.finishRequest = (request) => {
        ended?.addEventListener('abort', () => void (request.socket ?? request).destroy(), { once: true })
        request.once('socket', (socket) => socket.once('close', () => closed.abort()))
        request.end()
      }
    },
  }
  return new Proxy(config, {
    get: (target, name, receiver): unknown =>
      Reflect.get(Object.hasOwn(asUser, name) ? asUser : target, name, receiver),
  })
}

const shape: OptionsShape<KubeConfigAsUserOptions> = {
  ...actingShape,
  maxConnectionSeconds: above(0),
  clock: aClock,
}
const aConfig = withMethods(
  'a KubeConfig of @kubernetes/client-node 2',
  'applySecurityAuthentication',
  'applyToHTTPSOptions',
)

/** How undici sends a request. */
type Dispatch = (sent: { readonly headers?: unknown }, handler: object) => unknown

function called(object: unknown, name: string, ...given: readonly unknown[]): unknown {
  const method = memberOf(object, name)
  if (typeof method !== 'function')
    throw new TypeError(`the client has no ${name}: @kubernetes/client-node 2 is needed`)
  return Reflect.apply(method, object, given)
}

/** Headers as `node:https` and undici take them, with those of the user, of which several may have one name. @throws {TypeError} if they name another user. */
function withUser(given: unknown, user: readonly Header[]): object {
  // `fetch` has a flat list.
  const headers = new Map<string, unknown>(
    Array.isArray(given) ? pairsOf(given) : Object.entries(given ?? {}),
  )
  if ([...headers.keys()].some((name) => isImpersonation(name.toLowerCase())))
    throw new TypeError('the configuration of the client must not impersonate by itself')
  const named = new Map<string, string[]>()
  for (const [name, value] of user) {
    const values = named.get(name)
    if (values === undefined) named.set(name, [value])
    else values.push(value)
  }
  return Object.fromEntries([...headers, ...named])
}

/** A handler of undici whose request ends by a signal. Its methods are those of the version that the client has. */
function endedHandler(
  handler: object,
  untilEnd: (onClosed: Parameters<UntilEnd>[1]) => AbortSignal | undefined,
): object {
  const closed = new AbortController()
  const ended = untilEnd((listener) => closed.signal.addEventListener('abort', listener, { once: true }))
  return new Proxy(handler, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return (...given: readonly unknown[]): unknown => {
        if (name === 'onRequestStart')
          ended?.addEventListener('abort', () => called(given[0], 'abort', ended.reason), { once: true })
        if (name === 'onResponseEnd' || name === 'onResponseError') closed.abort()
        return Reflect.apply(method, target, given)
      }
    },
  })
}
