import { ConfigurationError } from '@kube-authn/core'
import { aBoolean, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  defined,
  aString,
  type ErrorList,
  errorList,
  type FieldPath,
  messageOf,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { dirname, isAbsolute, resolve } from 'node:path'
import { readTextFile, unreadable } from '../file-source/read-file.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { endpointProblems, type InsecureOptions } from '../http/problems.ts'
import { aPath } from '../options/file-option.ts'
import {
  type Choice,
  chooseEntries,
  type ChooseOptions,
  type ClusterEntry,
  decodeKubeconfig,
  type UserEntry,
} from './decode.ts'
import { type EntryContext, pemOption, refuseImpersonation, refusePlugins, userCredentials } from './user.ts'
import * as fs from 'node:fs'

/** Options of {@link readKubeconfig}. */
export interface ReadKubeconfigOptions extends InsecureOptions, ChooseOptions {}

/** Options of {@link parseKubeconfig}. */
export interface ParseKubeconfigOptions extends ReadKubeconfigOptions {
  /** The base of relative paths. */
  readonly folder: string
  /** Its name in errors, usually a path. Default `kubeconfig`. */
  readonly source?: string
}

const readShape: OptionsShape<ReadKubeconfigOptions> = {
  context: aString,
  allowMissingUser: aBoolean,
  allowInsecureHttp: aBoolean,
}

const parseShape: OptionsShape<ParseKubeconfigOptions> = {
  ...readShape,
  folder: required(aString),
  source: aString,
}

/**
 * Reads a kubeconfig, in YAML or JSON, and returns the server and credentials of its current context. The files it names are checked, and reloaded
 * when they change; the kubeconfig itself is read once.
 *
 * Source: apiserver `pkg/util/webhook/webhook.go` LoadKubeconfig, client-go `tools/clientcmd`.
 *
 * Deviation: stricter than client-go (`docs/deviations.md`, kubeconfig).
 *
 * @throws {ConfigurationError} with every problem, by field. It contains no secrets.
 * @example
 * const { server } = readKubeconfig('/etc/kube-authn/webhook.kubeconfig')
 */
export function readKubeconfig(path: string, options: ReadKubeconfigOptions = {}): Endpoint {
  refuseProblems(aPath(path, 'kubeconfig'), optionProblems(readShape, options))
  return parseKubeconfig(textOf(path), { ...options, folder: dirname(resolve(path)), source: path })
}

/**
 * Like {@link readKubeconfig}, for a string.
 *
 * @throws {ConfigurationError} with every problem, by field. It contains no secrets.
 * @example
 * const endpoint = parseKubeconfig(text, { folder: '/etc/kube-authn' })
 */
export function parseKubeconfig(text: string, options: ParseKubeconfigOptions): Endpoint {
  refuseProblems(aString(text, 'text'), optionProblems(parseShape, options))
  return parsed(text, options, ({ user, errors }) => {
    refusePlugins(user, errors)
    refuseImpersonation(user, errors)
  })
}

/**
 * Parses a kubeconfig.
 *
 * @param checkUser reports what the chosen user must not have, or reads what else it has.
 * @throws {ConfigurationError} with every problem, by field. It contains no secrets.
 */
export function parsed(
  text: string,
  options: ParseKubeconfigOptions,
  checkUser: (chosen: Choice & { readonly user: UserEntry; readonly errors: ErrorList }) => void,
): Endpoint {
  const { folder, source = 'kubeconfig' } = options
  const decoding = errorList({ hideValues: true })
  const file = decodeKubeconfig(yamlDocument(text, source), decoding)
  const meaning = errorList({ hideValues: true })
  const fields = new Map<string, FieldPath>()
  const context = { folder, errors: meaning, fields }
  const { cluster, user } = chooseEntries(file, options, meaning)
  const endpoint: Endpoint = {
    ...(cluster === undefined ? { server: '' } : clusterEndpoint(cluster, context)),
    ...(user !== undefined && userCredentials(user, context)),
  }
  if (user !== undefined) checkUser({ user, errors: meaning, ...defined({ cluster }) })
  reportProblems(endpoint, options, fields, meaning)

  const errors = errorList()
  errors.addAll(decoding.errors, source)
  // A field that could not be decoded is empty: do not also report it as missing.
  const reported = new Set(decoding.errors.map(({ field }) => field))
  errors.addAll(
    meaning.errors.filter(({ field }) => !reported.has(field)),
    source,
  )
  errors.throwIfAny()
  return endpoint
}

/** Reports the problems of the endpoint at the fields that they come from. */
function reportProblems(
  endpoint: Endpoint,
  options: InsecureOptions,
  fields: ReadonlyMap<string, FieldPath>,
  errors: ErrorList,
): void {
  for (const { path, message } of endpointProblems(endpoint, options)) {
    const field = fields.get(path)
    const isMissing = path === 'server' && endpoint.server === ''
    if (field !== undefined && !isMissing) errors.invalid(field, undefined, message)
  }
}

function textOf(path: string): string {
  try {
    return readTextFile(path)
  } catch (error) {
    const message = messageOf(error, 'cannot be read')
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    // As in client-go.
    throw new ConfigurationError([{ path: 'kubeconfig', message: isMissing ? `stat ${message}` : message }], {
      cause: error,
    })
  }
}

/**
 * The server of a cluster, and how to verify it.
 *
 * Source: client-go `tools/clientcmd/validation.go` validateClusterInfo.
 */
function clusterEndpoint(cluster: ClusterEntry, context: EntryContext): Endpoint {
  const { path, server, tlsServerName, insecureSkipTlsVerify, proxyUrl } = cluster
  const { fields, errors } = context
  fields.set('server', path.child('server'))
  fields.set('proxyUrl', path.child('proxy-url'))
  fields.set('insecureSkipTlsVerify', path.child('insecure-skip-tls-verify'))
  if (server === '') errors.required(path.child('server'), 'the cluster has no server')
  const ca = pemOption('ca', path, cluster.certificateAuthority, context)
  if (ca !== undefined) fields.set(ca.option, ca.field)
  return {
    server,
    ...(ca !== undefined && { [ca.option]: ca.value }),
    ...(tlsServerName !== '' && { serverName: tlsServerName }),
    ...(insecureSkipTlsVerify && { insecureSkipTlsVerify }),
    ...(proxyUrl !== '' && { proxyUrl }),
  }
}

/**
 * The problem of a kubeconfig path in an AuthorizationConfiguration; `undefined` if it is valid. Links are followed.
 *
 * Source: apiserver `pkg/apis/apiserver/validation/validation.go` (`ValidateWebhookConfiguration`).
 */
export function kubeConfigFileProblem(path: string): string | undefined {
  if (!isAbsolute(path)) return 'must be an absolute path'
  try {
    return fs.statSync(path).isFile() ? undefined : 'must be a regular file'
  } catch (error) {
    // Kubernetes' message does not have the code.
    return `error loading file: stat ${unreadable(path, error).message.replace(/ \(E[A-Z]+\)$/, '')}`
  }
}
