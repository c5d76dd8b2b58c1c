import type { ConnectionOptions, SecureContext } from 'node:tls'
import { defined, optionProblems, refuseProblems, without } from '@kube-authn/core/internal'
import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { reloadShape } from '../options/reload-options.ts'
import { type Endpoint, endpointShape, identityProblem } from './endpoint.ts'
import { endpointProblems, type InsecureOptions } from './problems.ts'
import { secureContextSource } from './secure-context-source.ts'
import { NO_CREDENTIAL, shownCredential } from './credential.ts'

/** Options of {@link endpointConnection}; the reload options apply to the files of the endpoint. */
export interface EndpointConnectionOptions extends ReloadOptions, InsecureOptions {}

const shape: OptionsShape<EndpointConnectionOptions> = { ...reloadShape, allowInsecureHttp: aBoolean }

export type EndpointTls = ConnectionOptions & { readonly secureContext: SecureContext }

/** How to connect to the server of an endpoint by other means than `fetch`, such as upgrades and streams in both directions. */
export interface EndpointConnection {
  readonly url: URL
  /** The current value of `Authorization`; `undefined` without TLS. */
  readonly authorization: () => string | undefined
  /** The TLS of the next connection: the same object until a file changes, and `undefined` for `http`. */
  readonly tls: () => EndpointTls | undefined
  readonly close: () => void
}

/**
 * The connection of an endpoint.
 *
 * @throws {ConfigurationError} with every problem of the endpoint and the options.
 */
export function endpointConnection(
  endpoint: Endpoint,
  options: EndpointConnectionOptions = {},
): EndpointConnection {
  const found = [...optionProblems(endpointShape, endpoint), ...optionProblems(shape, options)]
  refuseProblems(found.length > 0 ? found : endpointProblems(endpoint, options))
  const url = new URL(endpoint.server)
  if (url.protocol !== 'https:') {
    return { url, authorization: NO_CREDENTIAL.authorization, tls: () => undefined, close: () => {} }
  }
  const credential = shownCredential(endpoint.credential, options)
  const source = secureContextSource(without(endpoint, 'server', 'credential'), options)
  const { serverName, insecureSkipTlsVerify = false } = endpoint
  let contexts = source.current()
  let tls = tlsOf(contexts.server)

  function tlsOf(secureContext: SecureContext): EndpointTls {
    return {
      secureContext,
      rejectUnauthorized: !insecureSkipTlsVerify,
      checkServerIdentity: identityProblem,
      ALPNProtocols: ['http/1.1'],
      ...defined({ servername: serverName }),
    }
  }
  return {
    url,
    authorization: credential.authorization,
    tls() {
      const now = source.current()
      if (now !== contexts) {
        contexts = now
        tls = tlsOf(now.server)
      }
      return tls
    },
    close: source.close,
  }
}
