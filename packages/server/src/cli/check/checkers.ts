import { dirname, resolve } from 'node:path'
import { ConfigurationError, type Observer } from '@kube-authn/core'
import { auditPolicy } from '@kube-authn/audit'
import { isConfigurationError } from '@kube-authn/core/internal'
import { parseAuthenticationConfiguration } from '@kube-authn/core/configuration'
import { parseAuthorizationConfiguration } from '@kube-authn/core/authorization'
import { CredentialFileError, passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import { parseKubeconfig, readKubeconfig } from '@kube-authn/node'
import { kubeConfigFileProblem, parseClientKubeconfig } from '@kube-authn/node/internal'
import { textOf } from '../terminal/input.ts'
import { type Finding, findingsOf } from './findings.ts'
import type { Kind } from './recognize.ts'
import type { ReadSource } from './sources.ts'

/** A file as its reader gets it. */
interface NamedText {
  readonly name: string
  readonly text: string
  /** The base of relative paths in it. */
  readonly folder: string
}

/** Reads a file. It returns advice, if it has any, and throws a `ConfigurationError` with every problem. */
type Reader = (file: NamedText) => readonly Finding[] | undefined

/** The reader of each kind of configuration. */
const READERS: Readonly<Record<Exclude<Kind, 'token-file' | 'password-file' | 'rbac'>, Reader>> = {
  authentication: ({ name, text }) => void parseAuthenticationConfiguration(text, name),
  authorization: checkAuthorization,
  kubeconfig: checkClientKubeconfig,
  'webhook-kubeconfig': ({ name, text, folder }) => void parseKubeconfig(text, { folder, source: name }),
  'audit-policy': ({ name, text }) => void auditPolicy(text, { source: name }),
}

/** Finds the mistakes in a file of any kind but `rbac`, whose files are checked together. */
export function checkContent({ kind, bytes, name, path }: ReadSource): readonly Finding[] {
  if (kind === 'rbac') return []
  if (kind === 'token-file' || kind === 'password-file') return checkCredentials(kind, name, bytes)
  const text = textOf(bytes)
  if (text === undefined) return [{ severity: 'error', message: 'not UTF-8' }]
  const folder = path === undefined ? process.cwd() : dirname(resolve(path))
  return findingsOf({ name, text }, () => READERS[kind]({ name, text, folder }) ?? [])
}

/** Finds the mistakes in a CSV file of credentials. Only its first error is known: the rest of the file depends on it. */
function checkCredentials(
  kind: 'token-file' | 'password-file',
  source: string,
  bytes: Uint8Array<ArrayBuffer>,
): readonly Finding[] {
  const findings: Finding[] = []
  const observer: Observer = (event) => {
    if (event.type !== 'fileNotice') return
    const { severity, code, message } = event.notice
    findings.push({ severity, code, message })
  }
  try {
    if (kind === 'token-file') tokenFile(bytes, { source, observer })
    else passwordFile(bytes, { source, observer })
  } catch (error) {
    if (!(error instanceof CredentialFileError)) throw error
    findings.push(problemIn(error.message.slice(`${source}: `.length)))
  }
  return findings
}

/** The message has the line: `line 3: ...`, `parse error on line 3: ...`. */
function problemIn(message: string): Finding {
  const [, line, rest] = /^(?:parse error on )?line (\d+): (.*)$/s.exec(message) ?? []
  return line === undefined || rest === undefined
    ? { severity: 'error', message }
    : { severity: 'error', line: Number(line), message: rest }
}

/** Reads the kubeconfig of a client, and advises on what a server would refuse. */
function checkClientKubeconfig({ name, text, folder }: NamedText): readonly Finding[] {
  const { exec, provider, unused } = parseClientKubeconfig(text, { folder, source: name })
  if (unused !== undefined) {
    return [advice(`its user has other credentials, so that ${unused} is of no effect`)]
  }
  if (provider !== undefined) {
    return [advice('its user has an auth-provider, which a server refuses (--kind webhook-kubeconfig)')]
  }
  if (exec === undefined) return []
  return [
    advice(
      'its user has a plug-in (exec), which kubectl runs; a server that gets this file for a webhook refuses it ' +
        '(--kind webhook-kubeconfig)',
    ),
  ]
}

function advice(message: string): Finding {
  return { severity: 'advice', code: 'plugin', message }
}

/** Reads an AuthorizationConfiguration and the kubeconfigs of its webhooks. */
function checkAuthorization({ name, text }: NamedText): undefined {
  const { configuration } = parseAuthorizationConfiguration(text, name, { kubeConfigFileProblem })
  const problems = configuration.authorizers.flatMap(({ webhook }, index) => {
    const file = webhook?.connectionInfo.kubeConfigFile
    if (file === undefined) return []
    const path = `authorizers[${index}].webhook.connectionInfo.kubeConfigFile`
    return problemsOf(file).map((message) => ({ path, message }))
  })
  if (problems.length > 0) throw new ConfigurationError(problems)
}

function problemsOf(kubeconfig: string): readonly string[] {
  try {
    readKubeconfig(kubeconfig)
    return []
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}
