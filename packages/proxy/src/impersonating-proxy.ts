import { randomUUID } from 'node:crypto'
import {
  defined,
  logFailure,
  optionProblems,
  refuseProblems,
  systemClock,
  withFurtherProblems,
  withMethods,
} from '@kube-authn/core/internal'
import { notify } from '@kube-authn/core/adapter'
import { endpointConnection, handleUpgrades } from '@kube-authn/node/internal'
import { actingRules } from './acting-user.ts'
import { endOf, whenClosing } from './connection-ends.ts'
import { adapters, type Serve, type ImpersonatingProxy } from './adapters.ts'
import { admitRequest } from './admit.ts'
import type { DecideParts } from './decide.ts'
import { identifies } from './headers/identity-headers.ts'
import { passedHeaders } from './headers/response-headers.ts'
import { combinationProblems, type ImpersonatingProxyOptions, proxyShape } from './options.ts'
import { type ProxyParts, serveRequest } from './serve-request.ts'
import { serveUpgrade } from './upgrade/forward-upgrade.ts'
import { isBelow } from './target.ts'
import { sentCredential } from './upstream/sent-credential.ts'
import { upstreamOf } from './upstream/upstream.ts'

/**
 * A proxy to a Kubernetes API server that knows nothing of the authenticators of this app: it forwards each request as its authenticated user, or as
 * the user that this one impersonates. Bodies stream in both directions, as do upgrades of `kubectl exec`, `attach`, `port-forward` and `cp`;
 * watches, streams and upgrades end with the credential of the client.
 *
 * Requests and upgrades pass the same decision: `limit`, `authenticator`, `impersonation`, `authorization`, `guard`.
 *
 * Nothing by which the client identifies itself reaches the upstream. The proxy's credential needs the right to impersonate: see `docs/proxy.md`.
 *
 * Source: RFC 9110 section 7.6; client-go `transport/round_trippers.go`; apimachinery `pkg/util/proxy`.
 *
 * @throws {ConfigurationError} if an option is invalid, or a file of `upstream` cannot be used.
 * @example
 * const proxy = impersonatingProxy({ upstream: readKubeconfig('proxy.kubeconfig'), authenticator, prefix: '/cluster' })
 * app.use('/cluster', proxy.express())
 * proxy.attach(server)
 */
export function impersonatingProxy(options: ImpersonatingProxyOptions): ImpersonatingProxy {
  refuseProblems(withFurtherProblems(optionProblems(proxyShape, options), options, combinationProblems))
  const { authenticator, upstream, credentials, userToken, allowInsecureHttp = false, ...others } = options
  const { mode = 'impersonate', removeHeaders, responseHeaders, sandbox = true, ...further } = others
  const { refusedGroups, allowMasters, allowAnonymous, ...limits } = further
  const acting = defined({ refusedGroups, allowMasters, allowAnonymous })
  const {
    connectTimeoutSeconds = 10,
    responseTimeoutSeconds = 90,
    maxConnectionSeconds,
    closing,
    ...rest
  } = limits
  const { onFailure, clock = systemClock, ...deciding } = rest
  const { prefix, observer, log = authenticator.log } = deciding
  const connection = endpointConnection(upstream, { allowInsecureHttp, clock, ...defined({ observer }) })
  const server = upstreamOf(connection, { connectTimeoutSeconds, clock })
  const credential = sentCredential(mode, credentials, server.authorization)
  const decide: DecideParts = {
    prefix: prefix ?? '',
    isIdentity: identifies(removeHeaders),
    // So that requests that come back are recognized, also if there are several proxies on their way.
    via: `kube-authn-${randomUUID().slice(0, 8)}`,
    host: server.host,
    ...actingRules(acting, mode),
    authorization: credential.forRequest,
  }
  const failed = failureReport(log)
  const parts: ProxyParts = {
    admit: admitRequest(authenticator, deciding, userToken, failed),
    refusal: refusalBy(onFailure, log),
    // Whatever observers there are, every response tells the id, as those of kube-apiserver do.
    observer(event) {
      if (event.type === 'received') event.auditId(randomUUID)
      notify(observer, event)
    },
    decide,
    forward: {
      upstream: server,
      isIdentity: decide.isIdentity,
      mode,
      credentialRefused: credential.refused,
      isSandboxed: sandbox,
      passed: passedHeaders(responseHeaders),
      responseTimeoutSeconds,
      clock,
      failed,
      whenClosing: whenClosing(closing),
    },
    untilEnd: endOf(maxConnectionSeconds, clock),
  }
  const serve: Serve = (request) => serveRequest(request, parts).catch(() => void request.response.destroy())
  const close = (): Promise<void> => {
    server.close()
    return Promise.resolve()
  }
  return {
    ...adapters(serve),
    attach(to) {
      refuseProblems(aServer(to, 'server'))
      return handleUpgrades(to, {
        decide: parts.admit,
        accept: (upgrade) => serveUpgrade(upgrade, parts),
        handles: ({ url = '' }) => prefix === undefined || isBelow(url, prefix),
        observer: parts.observer,
        maxConnectionSeconds,
        closeTimeoutSeconds: 10,
        clock,
        onError: (cause) => logFailure(log, { what: 'an upgrade was not forwarded', cause, code: CODE }),
      })
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const aServer = withMethods('a server of node:http or node:https', 'on', 'off')
const CODE = 'KUBE_AUTHN_PROXY'

function refusalBy(
  onFailure: ImpersonatingProxyOptions['onFailure'],
  log: Parameters<typeof logFailure>[0],
): ProxyParts['refusal'] {
  return async (failure, request) => {
    try {
      return (await onFailure?.(failure, request)) ?? failure
    } catch (cause) {
      logFailure(log, { what: 'onFailure failed', cause, code: CODE })
      return failure
    }
  }
}

function failureReport(log: Parameters<typeof logFailure>[0]): ProxyParts['forward']['failed'] {
  return ({ method, path }, failure) =>
    logFailure(log, {
      what: 'a request was not forwarded',
      cause: failure.cause ?? failure,
      code: CODE,
      request: { method, path, status: failure.status },
    })
}
