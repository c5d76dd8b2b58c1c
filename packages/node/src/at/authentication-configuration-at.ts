import type { Clock } from '@kube-authn/core'
import { checkOptions, notify, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aString, nested, systemClock, without } from '@kube-authn/core/internal'
import type { Issuer } from '@kube-authn/core/oidc'
import {
  authenticationConfiguration,
  type AuthenticationConfigurationOptions,
  authenticationConfigurationShape,
  type ConfiguredAuthenticator,
  type IssuerFetch,
} from '@kube-authn/core/configuration'
import { RELOAD_OPTIONS, reloadOf, reloadShape } from '../options/reload-options.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { watchedText } from '../file-source/file-source.ts'
import { createFetch } from '../http/create-fetch.ts'
import type { Transport } from '../http/endpoint.ts'
import { closeable, type Closeable, orElse } from '../options/closeable.ts'

/** Egress proxies: `http` or `https`, used with `CONNECT`. */
export type EgressProxies = Readonly<
  Partial<Record<'cluster' | 'controlplane', { readonly proxyUrl: string }>>
>

/** Options of {@link authenticationConfigurationAt}. */
export interface AuthenticationConfigurationAtOptions
  extends ReloadOptions, Omit<AuthenticationConfigurationOptions, 'source' | 'fetchFor'> {
  /** The proxies that `egressSelectorType` refers to. Default: none; a configuration that names one is refused. */
  readonly egress?: EgressProxies
}

const aProxy = nested({ proxyUrl: required(aString) })

export const authenticationConfigurationAtShape: OptionsShape<AuthenticationConfigurationAtOptions> = {
  ...reloadShape,
  ...without(authenticationConfigurationShape, 'source', 'fetchFor'),
  egress: nested({ cluster: aProxy, controlplane: aProxy }),
}

const RETRY_MS = 60_000

/**
 * Authenticates users as an unmodified file of `--authentication-config` describes, and reloads it: a new version takes effect once it is valid and
 * its issuers were discovered. A valid version whose issuers cannot be reached is retried every minute.
 *
 * Source: kubernetes `pkg/controlplane/apiserver/options`, `pkg/kubeapiserver/authenticator/config.go`; KEP-3331.
 *
 * @throws {ConfigurationError} with every problem, in Kubernetes' words; any error of reading the file.
 * @example
 * const users = authenticationConfigurationAt('/etc/kubernetes/authentication.yaml')
 */
export function authenticationConfigurationAt(
  path: string,
  options: AuthenticationConfigurationAtOptions = {},
): Omit<ConfiguredAuthenticator, 'update' | 'close'> & Closeable {
  checkOptions(authenticationConfigurationAtShape, options)
  const { egress = {}, reload = true, clock = systemClock } = options
  let update = (_text: string): void => {}
  const file = watchedText(path, {
    ...reloadOf(options),
    // An unreadable file is an unusable configuration.
    observer: (event) =>
      notify(
        options.observer,
        event.type === 'reload' ? { ...event, kind: 'authenticationConfiguration' } : event,
      ),
    onChange: (text) => update(text),
  })
  const configured = orElse(file.close, () =>
    authenticationConfiguration(file.current(), {
      ...without(options, 'egress', ...RELOAD_OPTIONS),
      source: path,
      fetchFor: (issuer) => issuerFetch(issuer, { egress, clock }),
    }),
  )
  update = (text) => void configured.update(text)

  let cancelRetry = (): void => {}
  const retry = (): void => {
    cancelRetry = clock.after(RETRY_MS, () => {
      // A version that is in force or was refused is not checked again.
      update(file.current())
      retry()
    })
  }
  if (reload) retry()

  const authenticator = {
    name: configured.name,
    get configuration() {
      return configured.configuration
    },
    mayKnow: (token) => configured.mayKnow?.(token) ?? true,
    known: () => configured.known?.() ?? [],
    authenticateToken: (token, context) => configured.authenticateToken(token, context),
    health: () => configured.health(),
  } satisfies Omit<ConfiguredAuthenticator, 'update' | 'close'>
  return closeable(authenticator, () => {
    cancelRetry()
    file.close()
    configured.close()
  })
}

/**
 * A `fetch` for an issuer of an `AuthenticationConfiguration`, with its CA and egress proxy.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go`; KEP-3331 (`egressSelectorType`).
 *
 * @throws {Error} if there is no such egress.
 */
function issuerFetch(
  { certificateAuthority, egressSelectorType }: Issuer,
  { egress, clock }: { readonly egress: EgressProxies; readonly clock: Clock },
): IssuerFetch {
  return createFetch(
    {
      ...(certificateAuthority !== '' && { ca: certificateAuthority }),
      ...(egressSelectorType !== '' && { proxyUrl: proxyOf(egressSelectorType, egress) }),
    } satisfies Transport,
    { clock },
  )
}

function proxyOf(type: string, egress: EgressProxies): string {
  const proxy = type === 'cluster' || type === 'controlplane' ? egress[type] : undefined
  if (proxy === undefined) throw new Error(`the egress "${type}" is not configured`)
  return proxy.proxyUrl
}
