import { ConfigurationError } from '@kube-authn/core'
import {
  type ErrorList,
  fieldPath,
  type ObjectReader,
  readObject,
  shownName,
} from '@kube-authn/core/internal'

/*
 * `audit.k8s.io/v1` Policy, as written. Absent fields are empty.
 *
 * Source: apiserver `pkg/apis/audit/v1/types.go`.
 */

/** A policy: the first rule that matches a request decides how much of it is logged. */
export interface AuditPolicyConfig {
  readonly rules: readonly AuditPolicyRule[]
  /** Stages at which nothing is logged, whatever the rule. */
  readonly omitStages: readonly string[]
}

/** A rule matches a request that meets all its conditions; an empty list is not a condition. */
export interface AuditPolicyRule {
  readonly level: string
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly resources: readonly AuditGroupResources[]
  readonly namespaces: readonly string[]
  readonly nonResourceURLs: readonly string[]
  readonly omitStages: readonly string[]
}

/** Resources of an API group. */
export interface AuditGroupResources {
  /** `''` is the core group, `*` is any. */
  readonly group: string
  /** The plural, as in `pods`, or with a subresource, as in `pods/log`; `*` stands for any name. Empty: all resources. */
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

const API_VERSION = 'audit.k8s.io/v1'
const KIND = 'Policy'

/**
 * Reads a policy, strictly.
 *
 * Source: apiserver `pkg/audit/policy/reader.go`.
 *
 * Deviation: an unknown field is an error (`docs/deviations.md`, audit policies).
 *
 * @throws {ConfigurationError} if it is of another kind.
 */
export function decodeAuditPolicy(value: unknown, errors: ErrorList): AuditPolicyConfig | undefined {
  // Go reads a `null` in a list as the empty value.
  const reader = readObject(value, fieldPath(), errors, { nullElements: 'empty' })
  if (reader === undefined) return undefined
  requireKind(reader)
  // Accepted and ignored.
  reader.value('metadata')
  reader.boolean('omitManagedFields')
  const config = { omitStages: reader.strings('omitStages'), rules: reader.objects('rules').map(readRule) }
  reader.end()
  return config
}

function requireKind(reader: ObjectReader): void {
  const apiVersion = reader.string('apiVersion')
  const kind = reader.string('kind')
  if (apiVersion === API_VERSION && kind === KIND) return
  const message = `unknown group version field ${shownName(apiVersion)}, Kind=${shownName(kind)} in policy: must be a ${KIND} of ${API_VERSION}`
  throw new ConfigurationError([{ path: 'policy', message }])
}

function readRule(reader: ObjectReader): AuditPolicyRule {
  const rule = {
    level: reader.string('level'),
    users: reader.strings('users'),
    userGroups: reader.strings('userGroups'),
    verbs: reader.strings('verbs'),
    resources: reader.objects('resources').map(readResources),
    namespaces: reader.strings('namespaces'),
    nonResourceURLs: reader.strings('nonResourceURLs'),
    omitStages: reader.strings('omitStages'),
  }
  // Concerns bodies, which are not logged.
  reader.boolean('omitManagedFields')
  reader.end()
  return rule
}

function readResources(reader: ObjectReader): AuditGroupResources {
  const read = {
    group: reader.string('group'),
    resources: reader.strings('resources'),
    resourceNames: reader.strings('resourceNames'),
  }
  reader.end()
  return read
}
