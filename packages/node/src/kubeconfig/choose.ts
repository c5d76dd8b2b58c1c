import { type ErrorList, fieldPath, quoted } from '@kube-authn/core/internal'
import type { ClusterEntry, ContextEntry, KubeconfigFile, NamedEntry, UserEntry } from './decode.ts'

/** The chosen entries. */
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
  return { ...(cluster !== undefined && { cluster }), ...(user !== undefined && { user }) }
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
