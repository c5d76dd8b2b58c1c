import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { storedSessions, webLogin } from '@kube-authn/login'
import { createFetch, readKubeconfig, tlsServerOptions } from '@kube-authn/node'
import { impersonatingProxy } from '@kube-authn/proxy'
import { memoryObjectStore } from '@kube-authn/store'
import { impersonationPolicy } from './admins.ts'
import { CLUSTER, createApp } from './app.ts'
import type { Configuration } from './configuration.ts'

/** A server that does not listen yet. */
export interface Dashboard {
  readonly server: Server
  /** Ends everything else. */
  readonly close: () => void
}

/** The chain, the login, the proxy and the app, as the configuration says. */
export function createDashboard(configuration: Configuration): Dashboard {
  const { publicUrl, listen, provider, upstream, sessions: times, admins } = configuration
  const { issuer, clientId, caFile } = provider
  const read = (path: string): string => readFileSync(path, 'utf8').trim()
  const fetch = createFetch(caFile === undefined ? {} : { caFile })

  // Several replicas share sessions in another store: see docs/stores.md.
  const sessions = storedSessions({
    store: memoryObjectStore(),
    idleTimeoutSeconds: times.idleSeconds,
    expirationSeconds: times.expirationSeconds,
  })
  const login = webLogin({
    issuer,
    clientId,
    clientSecret: () => read(provider.clientSecretFile),
    scopes: provider.scopes,
    usernameClaim: provider.usernameClaim,
    usernamePrefix: '',
    groupsClaim: provider.groupsClaim,
    groupsPrefix: provider.groupsPrefix,
    publicUrl,
    sessions,
    keys: [read(times.keyFile)],
    refreshBeforeSeconds: times.refreshBeforeSeconds,
    fetch,
  })
  // Tokens of sessions and of kubectl alike, so that a user is the same in both.
  const authenticator = login.chain
  const policy = impersonationPolicy(admins)
  const proxy = impersonatingProxy({
    authenticator,
    impersonation: policy,
    onFailure: (error, request) => login.refuse(error, request),
    upstream: readKubeconfig(upstream.kubeconfig),
    prefix: CLUSTER,
  })

  const app = createApp({ configuration, login, authenticator, sessions, policy, proxy })
  const server = createServer(
    tlsServerOptions({ cert: read(listen.certFile), key: read(listen.keyFile) }),
    app,
  )
  // Otherwise Node drops headers beyond 1,000, and such a request would be refused.
  server.maxHeadersCount = 0
  proxy.attach(server)
  return {
    server,
    close() {
      server.close()
      server.closeAllConnections()
      void proxy.close()
      fetch.close()
    },
  }
}
