import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion } from '@kube-authn/core'
import type { AuditPolicy, AuditRuling } from '../policy.ts'
import { ConfigurationError } from '@kube-authn/core'
import {
  aKubernetesVersion,
  aString,
  errorList,
  isConfigurationError,
  must,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import { decodeAuditPolicy } from './decode.ts'
import { compiledRule } from './rule.ts'
import { validateAuditPolicy } from './validate.ts'

/** Options of {@link auditPolicy}. */
export interface AuditPolicyOptions {
  /** The name of the policy in errors, usually a path. Default: `audit policy`. */
  readonly source?: string
  /**
   * How to treat the levels `Request` and `RequestResponse`, since bodies are not logged: `refused` (default), or `leftOut`, which treats
   * them as `Metadata`.
   */
  readonly bodies?: 'refused' | 'leftOut'
  /** The release whose policies are accepted: since 1.36 the group of a rule may be `*`. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
}

export const auditPolicyShape: OptionsShape<AuditPolicyOptions> = {
  source: aString,
  bodies: oneOf('refused', 'leftOut'),
  kubernetesVersion: aKubernetesVersion,
}

const aPolicy = must(
  'must be YAML, or an object',
  (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
)

/**
 * The policy of an audit log, in the format of `--audit-policy-file`: `audit.k8s.io/v1` Policy. The first matching rule decides how much of
 * a request is logged, `None` or `Metadata`; without one, nothing is. Rules match the user who makes the request, not the one they
 * impersonate, and the authorization attributes or, without an authorizer, those derived from the request.
 *
 * Source: apiserver `pkg/audit/policy`.
 *
 * @param policy YAML or JSON, or the parsed object.
 * @throws {ConfigurationError} with every problem, in kube-apiserver's words. Problems of fields are `FieldError`s.
 * @example
 * const policy = auditPolicy(`
 * apiVersion: audit.k8s.io/v1
 * kind: Policy
 * omitStages: [RequestReceived]
 * rules:
 *   - { level: None, nonResourceURLs: ['/healthz*'] }
 *   - { level: Metadata }
 * `)
 * const observer = auditLog({ write: (event) => console.log(JSON.stringify(event)), policy })
 */
export function auditPolicy(policy: string | object, options: AuditPolicyOptions = {}): AuditPolicy {
  refuseProblems(aPolicy(policy, 'policy'), optionProblems(auditPolicyShape, options))
  const { source = 'audit policy' } = options
  const { bodies = 'refused', kubernetesVersion = DEFAULT_KUBERNETES_VERSION } = options
  const errors = errorList()
  const config = ofSource(source, () =>
    decodeAuditPolicy(typeof policy === 'string' ? yamlDocument(policy, source) : policy, errors),
  )
  // A value of the wrong type was read as empty, and would also be reported as missing.
  if (config !== undefined && errors.errors.length === 0) {
    validateAuditPolicy(config, errors, { bodies, kubernetesVersion })
    if (errors.errors.length === 0 && config.rules.length === 0) {
      throw new ConfigurationError([{ path: source, message: 'loaded illegal policy with 0 rules' }])
    }
  }
  if (config === undefined || errors.errors.length > 0) {
    throw new ConfigurationError(
      errors.errors.map((error) => ({
        ...error,
        path: error.path === '' ? source : `${source}: ${error.path}`,
      })),
    )
  }
  const rules = config.rules.map((rule) => compiledRule(rule, config.omitStages))
  return {
    rulingOn(user, target) {
      return rules.find((rule) => rule.matches(user, target))?.ruling ?? NOTHING
    },
  }
}

const NOTHING: AuditRuling = { level: 'None', omitStages: new Set() }

/** Names the source in problems that do not name it. */
function ofSource<T>(source: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    throw new ConfigurationError(
      error.problems.map((problem) => (problem.path === 'policy' ? { ...problem, path: source } : problem)),
    )
  }
}
