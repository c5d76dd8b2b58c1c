import {
  type ErrorList,
  fieldPath,
  type FieldPath,
  memberOf,
  type ObjectReader,
  readObject,
  defined,
  quoted,
} from '@kube-authn/core/internal'

/** An entry of one of the lists of a kubeconfig. Absent fields are empty. */
interface NamedEntry {
  readonly name: string
  /** Its path, as in `clusters[0].cluster`. */
  readonly path: FieldPath
}

/** A field with the path of a file, and its sibling field with inline data, which are decoded. */
export interface FileOrData {
  /** The field of the path; the field of the data has the suffix `-data`. */
  readonly name: string
  readonly file: string
  readonly data: string
}

/** `clusters[].cluster`. */
export interface ClusterEntry extends NamedEntry {
  readonly server: string
  readonly tlsServerName: string
  readonly insecureSkipTlsVerify: boolean
  readonly certificateAuthority: FileOrData
  readonly proxyUrl: string
  readonly disableCompression: boolean
  /** What a plug-in gets about the cluster, of any type: the extension `client.authentication.k8s.io/exec`. */
  readonly execConfig: unknown
}

/** `users[].user`. */
export interface UserEntry extends NamedEntry {
  readonly token: string
  readonly tokenFile: string
  readonly username: string
  readonly password: string
  readonly clientCertificate: FileOrData
  readonly clientKey: FileOrData
  /** The plug-in, not decoded. */
  readonly exec: unknown
  /** The provider, not decoded. */
  readonly authProvider: unknown
  /** Fields that are set but only make sense for command-line clients. */
  readonly unsupported: readonly string[]
}

/** `contexts[].context`. */
interface ContextEntry extends NamedEntry {
  readonly cluster: string
  readonly user: string
}

export interface KubeconfigFile {
  readonly clusters: readonly ClusterEntry[]
  readonly users: readonly UserEntry[]
  readonly contexts: readonly ContextEntry[]
  readonly currentContext: string
}

/**
 * Decodes a kubeconfig strictly: types, unknown fields and base64. An empty file is a kubeconfig without entries.
 *
 * Source: client-go `tools/clientcmd/api/v1/types.go`, `conversion.go`.
 *
 * Deviation: an unknown field is an error (`docs/deviations.md`, kubeconfig).
 */
export function decodeKubeconfig(value: unknown, errors: ErrorList): KubeconfigFile {
  const reader = readObject(value ?? {}, fieldPath(), errors)
  if (reader === undefined) return { clusters: [], users: [], contexts: [], currentContext: '' }
  const kind = reader.string('kind')
  if (kind !== '' && kind !== 'Config') errors.notSupported(fieldPath('kind'), kind, ['Config'])
  const apiVersion = reader.string('apiVersion')
  if (apiVersion !== '' && apiVersion !== 'v1') {
    errors.notSupported(fieldPath('apiVersion'), apiVersion, ['v1'])
  }
  const file = {
    clusters: entries(reader, 'clusters', 'cluster', errors, decodeCluster),
    users: entries(reader, 'users', 'user', errors, decodeUser),
    contexts: entries(reader, 'contexts', 'context', errors, decodeContext),
    currentContext: reader.string('current-context'),
  }
  // Used by kubectl only.
  reader.value('preferences')
  reader.value('extensions')
  reader.end()
  return file
}

function entries<T extends NamedEntry>(
  reader: ObjectReader,
  list: string,
  field: string,
  errors: ErrorList,
  decode: (entry: NamedEntry, fields: ObjectReader, errors: ErrorList) => T,
): readonly T[] {
  const names = new Set<string>()
  return reader.objects(list).flatMap((item) => {
    const name = item.string('name')
    if (names.has(name)) errors.duplicate(item.path.child('name'), name)
    names.add(name)
    const path = item.path.child(field)
    const fields = item.object(field) ?? readObject({}, path, errors)
    item.end()
    if (fields === undefined) return []
    const entry = decode({ name, path }, fields, errors)
    fields.value('extensions')
    fields.end()
    return [entry]
  })
}

function decodeCluster(entry: NamedEntry, fields: ObjectReader, errors: ErrorList): ClusterEntry {
  return {
    ...entry,
    server: fields.string('server'),
    tlsServerName: fields.string('tls-server-name'),
    insecureSkipTlsVerify: fields.boolean('insecure-skip-tls-verify'),
    certificateAuthority: fileOrData(fields, 'certificate-authority', errors),
    proxyUrl: fields.string('proxy-url'),
    disableCompression: fields.boolean('disable-compression'),
    execConfig: extensionIn(fields.value('extensions'), EXEC_EXTENSION),
  }
}

/** Source: client-go `tools/clientcmd/api/types.go` (ExecConfig.Config). */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec'

/** The extension of this name; programs other than ours own the others, so their form is not checked. */
function extensionIn(extensions: unknown, name: string): unknown {
  const all: readonly unknown[] = Array.isArray(extensions) ? extensions : []
  const found = all.find((each) => memberOf(each, 'name') === name)
  return memberOf(found, 'extension') ?? undefined
}

function decodeUser(entry: NamedEntry, fields: ObjectReader, errors: ErrorList): UserEntry {
  return {
    ...entry,
    token: fields.string('token'),
    tokenFile: fields.string('tokenFile'),
    username: fields.string('username'),
    password: fields.string('password'),
    clientCertificate: fileOrData(fields, 'client-certificate', errors),
    clientKey: fileOrData(fields, 'client-key', errors),
    exec: fields.value('exec'),
    authProvider: fields.value('auth-provider'),
    unsupported: ['exec', 'auth-provider', 'as', 'as-uid', 'as-groups', 'as-user-extra'].filter((name) =>
      isPresent(fields.value(name)),
    ),
  }
}

function decodeContext(entry: NamedEntry, fields: ObjectReader): ContextEntry {
  fields.string('namespace')
  return { ...entry, cluster: fields.string('cluster'), user: fields.string('user') }
}

/** The data are in base64. Line breaks are allowed, as in Go, and no other foreign character. */
function fileOrData(fields: ObjectReader, name: string, errors: ErrorList): FileOrData {
  const file = fields.string(name)
  const text = fields.string(`${name}-data`).replaceAll(/[\r\n]/g, '')
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') === text) return { name, file, data: bytes.toString('utf8') }
  errors.invalid(fields.path.child(`${name}-data`), text, 'must be base64')
  return { name, file, data: '' }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)
}

export interface Choice {
  readonly cluster?: ClusterEntry
  /** Absent when requests go without credentials. */
  readonly user?: UserEntry
}

/** Which entries to choose. */
export interface ChooseOptions {
  /** The context to use. Default: the current one. */
  readonly context?: string
  /**
   * Use no credentials if the context names a user that does not exist, as Kubernetes does. Default `false`: it is an error, as it is nearly always a
   * typo.
   */
  readonly allowMissingUser?: boolean
}

/**
 * The cluster and the user of the current context. Without a context, those with an empty name, as in client-go.
 *
 * Source: client-go `tools/clientcmd/client_config.go` DirectClientConfig, apiserver `pkg/util/webhook/webhook.go` LoadKubeconfig.
 *
 * Deviation: a context with a missing user is an error unless allowed (`docs/deviations.md`, kubeconfig).
 */
export function chooseEntries(file: KubeconfigFile, options: ChooseOptions, errors: ErrorList): Choice {
  const { context: wanted, allowMissingUser = false } = options
  const contextName = wanted ?? file.currentContext
  const context = named(file.contexts, contextName)
  const whoChose = wanted === undefined ? fieldPath('current-context') : fieldPath('contexts')
  if (context === undefined && contextName !== '') {
    errors.invalid(
      whoChose,
      contextName,
      `no configuration has been provided: context was not found for specified context: ${quoted(contextName)}`,
    )
    return {}
  }
  const cluster = named(file.clusters, context?.cluster ?? '')
  if (cluster === undefined) {
    const where = context?.path.child('cluster') ?? whoChose
    errors.required(where, `no configuration has been provided: ${whyNoCluster(context)}`)
  }
  const user = named(file.users, context?.user ?? '')
  if (context !== undefined && context.user !== '' && user === undefined && !allowMissingUser) {
    const names = file.users.map(({ name }) => quoted(name)).join(', ')
    const others = names === '' ? 'there are no users' : `the users are ${names}`
    errors.invalid(
      context.path.child('user'),
      context.user,
      `there is no user ${quoted(context.user)}; ${others}`,
    )
  }
  return defined({ cluster, user })
}

function named<T extends NamedEntry>(all: readonly T[], wanted: string): T | undefined {
  return all.find(({ name }) => name === wanted)
}

function whyNoCluster(context: ContextEntry | undefined): string {
  if (context === undefined) return 'there is no current context, and no cluster with an empty name'
  return context.cluster === ''
    ? 'the context names no cluster'
    : `there is no cluster ${quoted(context.cluster)}`
}
