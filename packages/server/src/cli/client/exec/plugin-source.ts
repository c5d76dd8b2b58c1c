import type { Clock } from '@kube-authn/core'
import { defined, isObject, memberOf } from '@kube-authn/core/internal'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { withoutControls } from '@kube-authn/internal/printable'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { EXEC_VERSIONS, type ExecPlugin, isToken, keyPairProblem } from '@kube-authn/node/internal'
import { Failure } from '../../failure.ts'
import type { ClientCertificate, ClientCredential, CredentialSource } from '../authenticated-fetch.ts'
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

export interface PluginSourceOptions {
  readonly plugin: ExecPlugin
  readonly cluster: ExecCluster
  readonly run: RunProgram
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
    last = readExecCredential(await outputOf(options, mayHint), apiVersion)
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
async function outputOf(
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
      const hint =
        installHint !== '' && mayHint()
          ? `: ${withoutControls(installHint.trim().replaceAll(/\s+/g, ' '))}`
          : ''
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

interface ExecCredential {
  readonly credential: ClientCredential
  /** In milliseconds since the epoch; absent if the credential does not expire. */
  readonly expiresAtMs?: number
}

/**
 * Reads the `ExecCredential` that a plug-in printed, in JSON or YAML. Errors contain nothing of it.
 *
 * Source: client-go `plugin/pkg/client/auth/exec/exec.go` (refreshCredsLocked), also of the messages.
 *
 * @throws {Failure} if it is something else, or has no credential.
 */
function readExecCredential(printed: string, apiVersion: string): ExecCredential {
  const status = statusOf(documentIn(printed), apiVersion)
  const token = textAt(status, 'token')
  const cert = textAt(status, 'clientCertificateData')
  const key = textAt(status, 'clientKeyData')
  const expiry = textAt(status, 'expirationTimestamp')
  const expiresAtMs = expiry === undefined ? undefined : timeOfRfc3339(expiry)
  if (expiry !== undefined && expiresAtMs === undefined)
    throw undecodable('status.expirationTimestamp', 'a time')
  if (token === undefined && cert === undefined && key === undefined) {
    throw new Failure("exec plugin didn't return a token or cert/key pair")
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new Failure('exec plugin returned only certificate or key, not both')
  }
  if (token !== undefined && !isToken(token)) throw undecodable('status.token', 'a token')
  const certificate = cert === undefined || key === undefined ? undefined : checkedPair(cert, key)
  return defined({ credential: defined({ token, certificate }), expiresAtMs })
}

function documentIn(printed: string): unknown {
  try {
    return yamlDocument(printed, 'stdout')
  } catch {
    throw new Failure('decoding stdout: it is neither JSON nor YAML')
  }
}

function statusOf(answer: unknown, apiVersion: string): object {
  const kind = memberOf(answer, 'kind')
  const version = memberOf(answer, 'apiVersion')
  if (kind !== 'ExecCredential') throw undecodable('kind', 'ExecCredential')
  const known = EXEC_VERSIONS.find((each) => each === version)
  if (known === undefined) throw undecodable('apiVersion', EXEC_VERSIONS.join(' or '))
  if (known !== apiVersion) {
    throw new Failure(
      `exec plugin is configured to use API version ${apiVersion}, plugin returned version ${known}`,
    )
  }
  const status = memberOf(answer, 'status') ?? undefined
  if (status === undefined) throw new Failure("exec plugin didn't return a status field")
  if (!isObject(status)) throw undecodable('status', 'an object')
  return status
}

/** A string. An empty one is absent, but an empty time is none. */
function textAt(status: object, name: string): string | undefined {
  const value = memberOf(status, name) ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw undecodable(`status.${name}`, 'a string')
  return value === '' && name !== 'expirationTimestamp' ? undefined : value
}

function checkedPair(cert: string, key: string): ClientCertificate {
  const problem = keyPairProblem(cert, key)
  if (problem !== undefined) throw new Failure(`failed parsing client key/certificate: ${problem}`)
  return { cert, key }
}

function undecodable(field: string, what: string): Failure {
  return new Failure(`decoding stdout: ${field}: must be ${what}`)
}
