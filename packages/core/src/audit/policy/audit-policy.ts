import type { AuditPolicy, AuditRuling } from '../policy.ts'
import { ConfigurationError, isConfigurationError } from '../../authenticator/errors.ts'
import { errorList } from '../../internal/field/errors.ts'
import {
  oneOf,
  aString,
  must,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'
import { yamlDocument } from '../../internal/yaml/yaml-documents.ts'
import { decodeAuditPolicy } from './decode.ts'
import { compiledRule } from './rule.ts'
import { validateAuditPolicy } from './validate.ts'

/** Options of {@link auditPolicy}. */
export interface AuditPolicyOptions {
  /** What the text is called in errors, usually a path. Default: `audit policy`. */
  readonly source?: string
  /**
   * What becomes of the levels `Request` and `RequestResponse`, since bodies are not logged here: `refused` (default), or `leftOut`, which takes
   * them for `Metadata`.
   */
  readonly bodies?: 'refused' | 'leftOut'
}

/** The checks of {@link AuditPolicyOptions}, for packages whose options have more. */
export const auditPolicyShape: OptionsShape<AuditPolicyOptions> = {
  source: aString,
  bodies: oneOf('refused', 'leftOut'),
}

const aPolicy = must(
  'must be YAML, or an object',
  (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
)

/**
 * The policy of an audit log, in the format of `--audit-policy-file`: `audit.k8s.io/v1` Policy. The first rule that matches a request says how
 * much of it is logged, `None` or `Metadata`; where none does, nothing is. Rules are about who makes a request, whoever they act as, and about
 * what an authorizer is asked, or its path where none is.
 *
 * Source: apiserver `pkg/audit/policy`.
 *
 * @param policy YAML or JSON, or what was parsed of it.
 * @throws {ConfigurationError} with everything that is wrong, in kube-apiserver's words. Problems of what it says are `FieldError`s.
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
  const { source = 'audit policy', bodies = 'refused' } = options
  const errors = errorList()
  const config = ofSource(source, () =>
    decodeAuditPolicy(typeof policy === 'string' ? yamlDocument(policy, source) : policy, errors),
  )
  // What has the wrong type was read as empty, and would be reported as missing as well.
  if (config !== undefined && errors.errors.length === 0) {
    validateAuditPolicy(config, errors, bodies)
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

/** Says in what text something is wrong where that is not said. */
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
