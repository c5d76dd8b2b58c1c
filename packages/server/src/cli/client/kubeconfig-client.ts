import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isatty } from 'node:tty'
import { defined, isConfigurationError, systemClock } from '@kube-authn/core/internal'
import { createFetch, type Endpoint, type HttpFetch } from '@kube-authn/node'
import { type ClientKubeconfig, type OidcProvider, parseClientKubeconfig } from '@kube-authn/node/internal'
import type { Command } from 'commander'
import { codeOf, Failure, failWith, orFail, reasonOf } from '../failure.ts'
import { kubeconfigPath, withProviderFields } from '../kubeconfig/kubeconfig-file.ts'
import { alone, withKubectlLock } from '../lock-file.ts'
import { readText, STDIN } from '../terminal/input.ts'
import { writeNewFile } from '../terminal/new-file.ts'
import { note, type Terminal } from '../terminal/terminal.ts'
import { authenticatedFetch, type CredentialSource } from './authenticated-fetch.ts'
import { type ExecCluster, pluginSource } from './exec/plugin-source.ts'
import { programRunner } from './exec/run-program.ts'
import { oidcSource, type TokenStore } from './oidc/oidc-source.ts'

/** The server of a kubeconfig, which gets the credentials of the user: a token, a password, a client certificate, or those of a plug-in or provider. */
export interface KubeconfigClient {
  /** Creates an object. @returns the status, and the body unless it is not JSON. @throws {Failure} if the server cannot be reached. */
  create(path: string, object: object): Promise<{ readonly status: number; readonly body: unknown }>
  close(): void
}

export interface ClientOptions {
  readonly kubeconfig?: string
  readonly context?: string
}

export function addClientOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'the file; $KUBECONFIG or ~/.kube/config if it is not named')
    .option('--context <name>', 'the context in it; the current one if it is not named')
}

/**
 * A client with the server and user of a kubeconfig.
 *
 * Source: client-go `tools/clientcmd/client_config.go`, `rest/transport.go`.
 *
 * @throws {Failure} if the file or a credential cannot be read.
 * @throws {ConfigurationError} if the kubeconfig is invalid.
 */
export async function kubeconfigClient(
  terminal: Terminal,
  { kubeconfig, context }: ClientOptions,
): Promise<KubeconfigClient> {
  const path = kubeconfigPath(kubeconfig, terminal.env)
  const { endpoint, source, close } = await kubeconfigSource(terminal, path, context)
  const fetch = authenticatedFetch(endpoint, source)
  const server = endpoint.server.replace(/\/+$/, '')
  return {
    async create(url, object) {
      const response = await fetch(server + url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(object),
      }).catch(failWith((error) => `${new URL(server).origin}: cannot be reached (${reasonOf(error)})`))
      return { status: response.status, body: await response.json().catch(() => undefined) }
    },
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

/**
 * As {@link kubeconfigClient}, for other ways to call the server.
 *
 * @param path a file, or `-` for standard input.
 * @param context default: the current one.
 */
export async function kubeconfigSource(
  terminal: Terminal,
  path: string,
  context?: string,
): Promise<KubeconfigSource> {
  const text = await readText(terminal, path)
  const config = parseClientKubeconfig(text, {
    folder: dirname(resolve(path)),
    source: path,
    ...defined({ context }),
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
      stdin: { isTerminal: isatty(0), ...(path === STDIN && { usedFor: 'used by the kubeconfig' }) },
      clock,
      onError: ({ message }) => note(terminal, `warning: refreshing credentials: ${message}`),
    })
  }
  if (provider === undefined || issuer === undefined) return undefined
  const store = kubeconfigStore({ terminal, path, user, provider, ...defined({ context }) })
  return oidcSource({ provider, fetch: issuer, store, clock })
}

async function execCluster(
  terminal: Terminal,
  { server, serverName, insecureSkipTlsVerify, ca, caFile, proxyUrl }: Endpoint,
): Promise<ExecCluster> {
  const certificateAuthority = caFile === undefined ? ca : await readText(terminal, caFile)
  const more = { tlsServerName: serverName, insecureSkipTlsVerify, certificateAuthority, proxyUrl }
  return { server, ...defined(more) }
}

function issuerFetch({ ca, caFile }: OidcProvider): HttpFetch {
  try {
    return createFetch(defined({ ca, caFile }))
  } catch (error) {
    const [problem] = isConfigurationError(error) ? error.problems : []
    if (problem === undefined) throw error
    const field = ca === undefined ? 'idp-certificate-authority' : 'idp-certificate-authority-data'
    throw new Failure(`${field}: ${problem.message}`, { cause: error })
  }
}

export interface KubeconfigStoreOptions {
  readonly terminal: Terminal
  readonly path: string
  /** The context; absent for the current one. */
  readonly context?: string
  readonly user: string
  readonly provider: OidcProvider
}

/** How long another process may take to renew the tokens. */
const WAIT_MS = 60_000
/** How long another program may write. */
const WRITE_WAIT_MS = 5_000

/**
 * Keeps the tokens of a provider in its kubeconfig: in one step, with kubectl's lock, and with owner, mode, comments and links as they are. The file must be
 * writable before a refresh token is used, since some issuers take each once.
 *
 * Source: client-go `tools/clientcmd/config.go` (ModifyConfig, PersisterForUser).
 */
export function kubeconfigStore({
  terminal,
  path,
  context,
  user,
  provider,
}: KubeconfigStoreOptions): TokenStore {
  const read = async (): Promise<{ readonly text: string; readonly found: OidcProvider }> => {
    const text = await readText(terminal, path)
    const parsed = parseClientKubeconfig(text, {
      folder: dirname(path),
      source: path,
      ...defined({ context }),
    })
    const { provider: found } = parsed
    const isSame =
      parsed.user === user && found?.issuerUrl === provider.issuerUrl && found.clientId === provider.clientId
    if (!isSame) throw new Failure(`${path}: another program has changed the user`)
    return { text, found }
  }

  return {
    async exclusively(work) {
      const real = writablePath(path)
      const signal = AbortSignal.timeout(WAIT_MS)
      return alone(`${real}.kube-authn.lock`, 'refresh', signal, async () => {
        const { text, found } = await read()
        withProviderFields(text, path, user, new Map())
        return work(found)
      })
    },
    async write({ idToken, refreshToken }) {
      const real = writablePath(path)
      const fields = new Map([['id-token', idToken]])
      if (refreshToken !== undefined) fields.set('refresh-token', refreshToken)
      await withKubectlLock(
        real,
        async () => {
          const { text } = await read()
          const changed = withProviderFields(text, path, user, fields)
          await writeNewFile(real, changed, { replaces: true, like: statSync(real) })
        },
        WRITE_WAIT_MS,
      )
    },
  }
}

/** The file behind links. @throws {Failure} if it cannot be replaced. */
function writablePath(path: string): string {
  const cannot = 'could not persist new tokens'
  if (path === STDIN) throw new Failure(`${cannot}: standard input`)
  return orFail(
    () => {
      const real = realpathSync(path)
      accessSync(real, constants.W_OK)
      accessSync(dirname(real), constants.W_OK)
      // A new file in its place would be ours.
      const isOurs = [0, undefined, statSync(real).uid].includes(process.getuid?.())
      if (!isOurs) throw new Failure(`${cannot}: ${path}: it belongs to another user`)
      return real
    },
    (error) => `${cannot}: ${path}: cannot be written (${codeOf(error)})`,
  )
}
