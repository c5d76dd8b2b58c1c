import { dirname, resolve } from 'node:path'
import { ConfigurationError, type Observer } from '@kube-authn/core'
import { auditPolicy } from '@kube-authn/audit'
import { celCompiler, type CelCompilerOptions } from '@kube-authn/cel/kubernetes'
import { defined, isConfigurationError } from '@kube-authn/core/internal'
import { parseAuthenticationConfiguration } from '@kube-authn/core/configuration'
import { parseAuthorizationConfiguration, parseRbac } from '@kube-authn/core/authorization'
import { CredentialFileError, passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import { parseKubeconfig, readKubeconfig } from '@kube-authn/node'
import { kubeConfigFileProblem, parseClientKubeconfig } from '@kube-authn/node/internal'
import { textOf } from '../terminal/input.ts'
import { atLine, type Finding, findingsOf, type Position, type Positions, positionsIn } from './findings.ts'
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
type Reader = (file: NamedText, options: CelCompilerOptions) => readonly Finding[] | undefined

/** The reader of each kind of configuration. */
const READERS: Readonly<Record<Exclude<Kind, 'token-file' | 'password-file' | 'rbac'>, Reader>> = {
  authentication: ({ name, text }, options) =>
    void parseAuthenticationConfiguration(text, name, { compiler: celCompiler(options) }),
  authorization: checkAuthorization,
  kubeconfig: checkClientKubeconfig,
  'webhook-kubeconfig': ({ name, text, folder }) => void parseKubeconfig(text, { folder, source: name }),
  'audit-policy': ({ name, text }, { kubernetesVersion }) =>
    void auditPolicy(text, { source: name, ...defined({ kubernetesVersion }) }),
}

/** Finds the mistakes in a file of any kind but `rbac`, whose files are checked together. */
export function checkContent(
  { kind, bytes, name, path }: ReadSource,
  options: CelCompilerOptions,
): readonly Finding[] {
  if (kind === 'rbac') return []
  if (kind === 'token-file' || kind === 'password-file') return checkCredentials(kind, name, bytes)
  const text = textOf(bytes)
  if (text === undefined) return [{ severity: 'error', message: 'not UTF-8' }]
  const folder = path === undefined ? process.cwd() : dirname(resolve(path))
  return findingsOf({ name, text }, () => READERS[kind]({ name, text, folder }, options) ?? [])
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
    return [pluginAdvice(`its user has other credentials, so that ${unused} is of no effect`)]
  }
  if (provider !== undefined) {
    return [pluginAdvice('its user has an auth-provider, which a server refuses (--kind webhook-kubeconfig)')]
  }
  if (exec === undefined) return []
  return [
    pluginAdvice(
      'its user has a plug-in (exec), which kubectl runs; a server that gets this file for a webhook refuses it ' +
        '(--kind webhook-kubeconfig)',
    ),
  ]
}

function pluginAdvice(message: string): Finding {
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

const MAX_LENGTH = 100 * 1024 * 1024
/** A document that is not plain YAML takes long, and a server refuses longer ones. */
const MAX_DOCUMENT_LENGTH = 1_048_576

/** A file of manifests with what was found in it so far. */
interface Manifests {
  readonly source: ReadSource
  readonly text: string
  readonly findings: Finding[]
  readonly positions: Positions
}

/** Finds the mistakes in roles and bindings. Files are checked together, since bindings refer to roles of other files. */
export function checkRbac(
  sources: readonly ReadSource[],
  namespace: string | undefined,
): ReadonlyMap<ReadSource, readonly Finding[]> {
  const found = new Map<ReadSource, readonly Finding[]>()
  const all: Manifests[] = []
  for (const source of sources) {
    const text = textOf(source.bytes)
    const findings: Finding[] = text === undefined ? [{ severity: 'error', message: 'not UTF-8' }] : []
    found.set(source, findings)
    if (text !== undefined) all.push({ source, text, findings, positions: positionsIn(text) })
  }
  for (let files = all; files.length > 0;) {
    const { problems, advice } = parsed(files, namespace)
    const isUnreadable = ({ source: { name } }: Manifests): boolean =>
      problems.some(({ path }) => path === name)
    const readable = files.filter((each) => !isUnreadable(each))
    if (readable.length === files.length) {
      // Without the roles of a file that cannot be read, bindings only seem to refer to missing ones.
      const isComplete = files.length === sources.length
      const known = advice.filter(({ code }) => isComplete || code !== 'danglingRoleRef')
      for (const finding of [...problems, ...known]) place(finding, files)
      break
    }
    for (const { source, findings } of files.filter(isUnreadable)) {
      findings.push(
        ...problems.filter(({ path }) => path === source.name).map(({ message }) => atLine(message)),
      )
    }
    files = readable
  }
  return found
}

interface Located {
  readonly severity: Finding['severity']
  readonly path: string
  readonly message: string
  readonly code?: string
}

function parsed(
  files: readonly Manifests[],
  namespace: string | undefined,
): { readonly problems: readonly Located[]; readonly advice: readonly Located[] } {
  try {
    const { advice } = parseRbac(
      files.map(({ source: { name }, text }) => ({ name, text })),
      {
        maxLength: MAX_LENGTH,
        maxDocumentLength: MAX_DOCUMENT_LENGTH,
        ...defined({ namespace }),
      },
    )
    return { problems: [], advice: advice.map((each) => ({ severity: 'advice', ...each })) }
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return {
      problems: error.problems.map(({ path, message }) => ({ severity: 'error', path, message })),
      advice: [],
    }
  }
}

/** Adds a finding to the file whose object it is about: `ClusterRole "x": rules[0]` or `roles.yaml[2]: kind`. */
function place(finding: Located, files: readonly Manifests[]): void {
  for (const file of files) {
    const { name } = file.source
    const position = positionOf(finding.path, file)
    const isOfFile = finding.path.startsWith(`${name}[`)
    if (position === undefined && !isOfFile) continue
    const path = isOfFile ? finding.path.slice(name.length) : finding.path
    file.findings.push({ ...finding, path, ...position })
    return
  }
  files[0]?.findings.push(finding)
}

function positionOf(path: string, file: Manifests): Position | undefined {
  const { positions } = file
  const { name } = file.source
  if (path.startsWith(`${name}[`)) {
    const [, index, field = ''] = /^(\d+)\](?:: (.*))?$/s.exec(path.slice(name.length + 1)) ?? []
    return positions.ofItem(Number(index), field)
  }
  const [, object, field = ''] = /^(\w+ "(?:[^"\\]|\\.)*")(?:: (.*))?$/s.exec(path) ?? []
  return object === undefined ? undefined : positions.ofObject(object, field)
}
