import { dirname, resolve } from 'node:path'
import { isatty } from 'node:tty'
import { isConfigurationError, systemClock } from '@kube-authn/core/internal'
import { createFetch, type Endpoint, type HttpFetch } from '@kube-authn/node'
import { type ClientKubeconfig, type OidcProvider, parseClientKubeconfig } from '@kube-authn/node/internal'
import { Failure } from '../failure.ts'
import { readText, STDIN } from '../terminal/input.ts'
import { note, type Terminal } from '../terminal/terminal.ts'
import { authenticatedFetch } from './authenticated-fetch.ts'
import type { CredentialSource } from './credential-source.ts'
import type { ExecCluster } from './exec/exec-info.ts'
import { pluginSource } from './exec/plugin-source.ts'
import { programRunner } from './exec/run-program.ts'
import { kubeconfigStore } from './oidc/kubeconfig-store.ts'
import { oidcSource } from './oidc/oidc-source.ts'

/** The server of a kubeconfig, and how to call it. */
export interface KubeconfigClient {
  /** Its URL, without a slash at the end. */
  readonly server: string
  /** Sends the credentials of the user: a token, a password, a client certificate, or those of a plug-in or provider. */
  readonly fetch: HttpFetch
  close(): void
}

const MAX_BYTES = 1_048_576

/**
 * A client with the server and user of a kubeconfig.
 *
 * Source: client-go `tools/clientcmd/client_config.go`, `rest/transport.go`.
 *
 * @param path a file, or `-` for standard input.
 * @param context default: the current one.
 * @throws {Failure} if the file or a credential cannot be read.
 * @throws {ConfigurationError} if the kubeconfig is invalid.
 */
export async function kubeconfigClient(
  terminal: Terminal,
  path: string,
  context?: string,
): Promise<KubeconfigClient> {
  const { endpoint, source, close } = await kubeconfigSource(terminal, path, context)
  const fetch = authenticatedFetch(endpoint, source)
  return {
    server: endpoint.server.replace(/\/+$/, ''),
    fetch,
    close() {
      fetch.close()
      close()
    },
  }
}

/** The server of a kubeconfig, and where credentials come from that it does not have itself. */
export interface KubeconfigSource {
  readonly endpoint: Endpoint
  readonly source: CredentialSource | undefined
  readonly close: () => void
}

/** As {@link kubeconfigClient}, for other ways to call the server. */
export async function kubeconfigSource(
  terminal: Terminal,
  path: string,
  context?: string,
): Promise<KubeconfigSource> {
  const text = await readText(terminal, path, MAX_BYTES)
  const config = parseClientKubeconfig(text, {
    folder: dirname(resolve(path)),
    source: path,
    ...(context !== undefined && { context }),
  })
  const { endpoint } = config
  const issuer = config.provider === undefined ? undefined : issuerFetch(config.provider)
  return {
    endpoint,
    source: await sourceOf(terminal, config, path, context, issuer),
    close: () => issuer?.close(),
  }
}

async function sourceOf(
  terminal: Terminal,
  { endpoint, user, exec, provider }: ClientKubeconfig,
  path: string,
  context: string | undefined,
  issuer: HttpFetch | undefined,
): Promise<CredentialSource | undefined> {
  const clock = systemClock
  if (exec !== undefined) {
    return pluginSource({
      plugin: exec,
      cluster: await execCluster(terminal, endpoint),
      run: programRunner({ clock }),
      env: terminal.env,
      stdin: {
        isTerminal: isatty(0),
        ...(path === STDIN && { usedFor: 'used by the kubeconfig' }),
      },
      clock,
      onError: ({ message }) => note(terminal, `warning: refreshing credentials: ${message}`),
    })
  }
  if (provider === undefined || issuer === undefined) return undefined
  const store = kubeconfigStore({ terminal, path, user, provider, ...(context !== undefined && { context }) })
  return oidcSource({ provider, fetch: issuer, store, clock })
}

async function execCluster(
  terminal: Terminal,
  { server, serverName, insecureSkipTlsVerify, ca, caFile, proxyUrl }: Endpoint,
): Promise<ExecCluster> {
  const certificateAuthority = caFile === undefined ? ca : await readText(terminal, caFile, MAX_BYTES)
  return {
    server,
    ...(serverName !== undefined && { tlsServerName: serverName }),
    ...(insecureSkipTlsVerify !== undefined && { insecureSkipTlsVerify }),
    ...(certificateAuthority !== undefined && { certificateAuthority }),
    ...(proxyUrl !== undefined && { proxyUrl }),
  }
}

function issuerFetch({ ca, caFile }: OidcProvider): HttpFetch {
  try {
    return createFetch({ ...(ca !== undefined && { ca }), ...(caFile !== undefined && { caFile }) })
  } catch (error) {
    const [problem] = isConfigurationError(error) ? error.problems : []
    if (problem === undefined) throw error
    const field = ca === undefined ? 'idp-certificate-authority' : 'idp-certificate-authority-data'
    throw new Failure(`${field}: ${problem.message}`, { cause: error })
  }
}
