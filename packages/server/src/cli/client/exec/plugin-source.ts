import type { Clock } from '@kube-authn/core'
import { withoutControls } from '@kube-authn/internal/printable'
import { EXEC_VERSIONS, type ExecPlugin } from '@kube-authn/node/internal'
import { Failure } from '../../failure.ts'
import type { CredentialSource } from '../authenticated-fetch.ts'
import { type ExecCredential, readExecCredential } from './read-credential.ts'
import type { RunProgram } from './run-program.ts'

/** The cluster that a plug-in gets credentials for. Absent fields are empty. */
export interface ExecCluster {
  readonly server: string
  readonly tlsServerName?: string
  readonly insecureSkipTlsVerify?: boolean
  /** The CAs of the server in PEM. */
  readonly certificateAuthority?: string
  readonly proxyUrl?: string
}

/** Options of {@link pluginSource}. */
export interface PluginSourceOptions {
  readonly plugin: ExecPlugin
  readonly cluster: ExecCluster
  readonly run: RunProgram
  /** The environment that the plug-in inherits. */
  readonly env: NodeJS.ProcessEnv
  readonly stdin: StandardInput
  readonly clock: Clock
  /** Receives the failure of a run after a 401. */
  readonly onError: (failure: Error) => void
}

/**
 * The credentials that a plug-in prints. It runs when the first one is needed, when the last one has expired, and after the server refused one. It runs once
 * at a time.
 *
 * Source: client-go `plugin/pkg/client/auth/exec/exec.go`.
 *
 * @throws {Failure} if its version is unknown.
 */
export function pluginSource(options: PluginSourceOptions): CredentialSource {
  const { plugin, clock, onError } = options
  const { apiVersion } = plugin
  if (!EXEC_VERSIONS.some((each) => each === apiVersion)) {
    throw new Failure(`exec plugin: invalid apiVersion ${JSON.stringify(apiVersion)}`)
  }
  const mayHint = atMost(10, 3_600_000, clock)
  let last: ExecCredential | undefined
  let running: Promise<ExecCredential> | undefined

  const runPlugin = async (): Promise<ExecCredential> => {
    last = readExecCredential(await printed(options, mayHint), apiVersion)
    return last
  }
  const renewed = (): Promise<ExecCredential> => {
    running ??= runPlugin().finally(() => {
      running = undefined
    })
    return running
  }
  const hasExpired = ({ expiresAtMs = Infinity }: ExecCredential): boolean => clock.now() > expiresAtMs

  return {
    async current() {
      const { credential } = last === undefined || hasExpired(last) ? await renewed() : last
      return credential
    },
    async refused(used) {
      if (used !== last?.credential) return
      await renewed().catch(onError)
    },
  }
}

/** What the plug-in prints. @throws {Failure} if it does not succeed. */
async function printed(
  { plugin, cluster, run, env, stdin }: PluginSourceOptions,
  mayHint: () => boolean,
): Promise<string> {
  const { apiVersion, command, args, installHint } = plugin
  // Source: client-go `tools/clientcmd/api/v1/defaults.go`.
  const isOld = apiVersion === EXEC_VERSIONS[1] && plugin.interactiveMode === ''
  const hasInput = isInteractive(isOld ? 'IfAvailable' : plugin.interactiveMode, stdin)
  const end = await run({
    command,
    args,
    hasInput,
    env: {
      ...env,
      ...Object.fromEntries(plugin.env.map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: execInfo(plugin, cluster, hasInput),
    },
  })
  const name = withoutControls(command)
  switch (end.type) {
    case 'exited':
      if (end.code === 0) return end.stdout
      throw new Failure(`exec: executable ${name} failed with exit code ${end.code}`)
    case 'missing': {
      const why = end.code === 'ENOENT' ? '' : ` (${end.code})`
      const hint = installHint !== '' && mayHint() ? `: ${printableLines(installHint)}` : ''
      throw new Failure(`exec: executable ${name} not found${why}${hint}`)
    }
    case 'failed':
      throw new Failure(`exec: executable ${name}: ${end.reason}`)
  }
}

/**
 * The value of `KUBERNETES_EXEC_INFO`: the request to a plug-in, as JSON.
 *
 * Source: client-go `pkg/apis/clientauthentication/v1/types.go`, `rest/exec.go` (ConfigToExecCluster).
 */
function execInfo(plugin: ExecPlugin, cluster: ExecCluster, interactive: boolean): string {
  return JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: { ...(plugin.provideClusterInfo && { cluster: clusterFields(plugin, cluster) }), interactive },
  })
}

function clusterFields({ disableCompression, config }: ExecPlugin, cluster: ExecCluster): object {
  const { server, tlsServerName, insecureSkipTlsVerify, certificateAuthority, proxyUrl } = cluster
  return {
    server,
    'tls-server-name': tlsServerName,
    'insecure-skip-tls-verify': insecureSkipTlsVerify === true ? true : undefined,
    'certificate-authority-data':
      certificateAuthority === undefined ? undefined : Buffer.from(certificateAuthority).toString('base64'),
    'proxy-url': proxyUrl,
    'disable-compression': disableCompression ? true : undefined,
    config,
  }
}

function printableLines(text: string): string {
  return withoutControls(text.trim().replaceAll(/\s+/g, ' '))
}

/** Whether something may be done once more: so many times in each window. */
function atMost(times: number, windowMs: number, clock: Clock): () => boolean {
  let count = 0
  let beganAtMs = -Infinity
  return () => {
    const now = clock.now()
    if (now - beganAtMs >= windowMs) {
      beganAtMs = now
      count = 0
    }
    return ++count <= times
  }
}

/** The standard input that a plug-in may ask a person by. */
interface StandardInput {
  readonly isTerminal: boolean
  /** Why it has another use; absent if it has none. */
  readonly usedFor?: string
}

/**
 * Whether a plug-in gets the standard input.
 *
 * Source: client-go `plugin/pkg/client/auth/exec/exec.go` (isInteractive).
 *
 * @param mode `Never`, `IfAvailable` or `Always`.
 * @throws {Failure} if it must have it, and there is none.
 */
function isInteractive(mode: string, { isTerminal, usedFor }: StandardInput): boolean {
  switch (mode) {
    case 'Never':
      return false
    case 'IfAvailable':
      return isTerminal && usedFor === undefined
    case 'Always':
      if (!isTerminal) throw notInteractive('standard input is not a terminal')
      if (usedFor !== undefined) {
        throw notInteractive(`standard input is unavailable${usedFor === '' ? '' : `: ${usedFor}`}`)
      }
      return true
    default:
      throw notInteractive(`unknown interactiveMode: ${JSON.stringify(mode)}`)
  }
}

function notInteractive(why: string): Failure {
  return new Failure(`exec plugin cannot support interactive mode: ${why}`)
}
