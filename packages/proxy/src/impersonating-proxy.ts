import { randomUUID } from 'node:crypto'
import {
  authorizeRequest,
  logFailure,
  optionProblems,
  refuseProblems,
  systemClock,
  untilExpiry,
  withFurtherProblems,
} from '@kube-authn/core/internal'
import { endpointConnection } from '@kube-authn/node/internal'
import { adapters, type Serve } from './adapters.ts'
import type { DecideParts } from './decide.ts'
import { identifies } from './headers/identity-headers.ts'
import { combinationProblems, type ImpersonatingProxyOptions, proxyShape } from './options.ts'
import type { ProxyParts } from './parts.ts'
import type { ImpersonatingProxy } from './proxy.ts'
import { type SentCredential, sentCredential } from './sent-credential.ts'
import { serveRequest } from './serve-request.ts'
import { serveUpgrade } from './serve-upgrade.ts'
import { upstreamOf } from './upstream/upstream.ts'

/**
 * A proxy to a Kubernetes API server that knows nothing of the authenticators of this app: it forwards each request as its authenticated user, or as
 * the user that this one impersonates. Bodies stream in both directions, as do upgrades of `kubectl exec`, `attach`, `port-forward` and `cp`;
 * watches, streams and upgrades end with the credential of the client.
 *
 * Nothing by which the client identifies itself reaches the upstream. The proxy's credential needs the right to impersonate: see `docs/proxy.md`.
 *
 * Source: RFC 9110 section 7.6; client-go `transport/round_trippers.go`; apimachinery `pkg/util/proxy`.
 *
 * @throws {ConfigurationError} if an option is invalid, or a file of `upstream` cannot be used.
 * @example
 * const proxy = impersonatingProxy({ upstream: readKubeconfig('proxy.kubeconfig') })
 * app.use(authentication(authenticator), impersonation(policy), proxy.express(getAuthentication))
 * authenticateUpgrade(server, authenticator, proxy.upgrade, { impersonation: policy })
 */
export function impersonatingProxy(options: ImpersonatingProxyOptions): ImpersonatingProxy {
  refuseProblems(withFurtherProblems(optionProblems(proxyShape, options), options, combinationProblems))
  const { upstream, clock = systemClock, maxConnectionSeconds, allowInsecureHttp = false } = options
  const { connectTimeoutSeconds = 10, responseTimeoutSeconds = 90, sandbox = true, log, observer } = options
  const { mode = 'impersonate' } = options
  const connection = endpointConnection(upstream, {
    allowInsecureHttp,
    clock,
    ...(observer !== undefined && { observer }),
  })
  const server = upstreamOf(connection, { connectTimeoutSeconds, clock })
  const credential = sentCredential(options, server.authorization)
  const decide = decideParts(options, server.host, credential)
  const parts: ProxyParts = {
    decide,
    forward: {
      upstream: server,
      isIdentity: decide.isIdentity,
      mode,
      credentialRefused: credential.refused,
      isSandboxed: sandbox,
      responseTimeoutSeconds,
      clock,
      failed: ({ method, path }, { status, cause }) =>
        logFailure(log, {
          what: 'a request was not forwarded',
          cause,
          code: CODE,
          request: { method, path, status },
        }),
    },
    untilEnd(authentication, onClosed) {
      const { expiresAtMs, revocation } = authentication
      if ((expiresAtMs ?? revocation ?? maxConnectionSeconds) === undefined) return undefined
      const closed = new AbortController()
      onClosed(() => closed.abort())
      return untilExpiry(authentication, {
        signal: closed.signal,
        clock,
        ...(maxConnectionSeconds !== undefined && { maxConnectionSeconds }),
      })
    },
  }
  const serve: Serve = (request, over) => serveRequest(request, parts, over)
  return { ...adapters(serve), upgrade: (upgrade) => serveUpgrade(upgrade, parts), close: server.close }
}

const CODE = 'KUBE_AUTHN_PROXY'

function decideParts(
  options: ImpersonatingProxyOptions,
  host: string,
  credential: SentCredential,
): DecideParts {
  const {
    mode = 'impersonate',
    prefix = '',
    refusedGroups = ['system:masters'],
    allowAnonymous = false,
  } = options
  const { authorizer, removeHeaders, observer, log } = options
  return {
    prefix,
    isIdentity: identifies(removeHeaders),
    // So that requests that come back are recognized, also if there are several proxies on their way.
    via: `kube-authn-${randomUUID().slice(0, 8)}`,
    host,
    mode,
    refusedGroups: new Set(refusedGroups),
    allowAnonymous,
    authorize:
      authorizer &&
      authorizeRequest(authorizer, {
        ...(observer !== undefined && { observer }),
        ...(log !== undefined && { log }),
      }),
    authorization: credential.forRequest,
  }
}
