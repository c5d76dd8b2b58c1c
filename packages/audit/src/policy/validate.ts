import { type ErrorList, fieldPath, type FieldPath } from '@kube-authn/core/internal'
import type { KubernetesVersion } from '@kube-authn/core'
import { dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import type { AuditGroupResources, AuditPolicyConfig, AuditPolicyRule } from './decode.ts'

/** What a policy may have. */
interface PolicyRules {
  /** Whether a level with bodies is an error or counts as `Metadata`. */
  readonly bodies: 'refused' | 'leftOut'
  readonly kubernetesVersion: KubernetesVersion
}

const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse']
const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic']

/**
 * Validates a policy, in kube-apiserver's words.
 *
 * Source: apiserver `pkg/apis/audit/validation/validation.go`.
 *
 * Deviation: a level with bodies is an error by default (`docs/deviations.md`, audit policies).
 *
 */
export function validateAuditPolicy(
  { rules, omitStages }: AuditPolicyConfig,
  errors: ErrorList,
  { bodies, kubernetesVersion }: PolicyRules,
): void {
  validateStages(omitStages, fieldPath('omitStages'), errors)
  for (const [index, rule] of rules.entries()) {
    const path = fieldPath('rules').index(index)
    validateRule(rule, path, errors, kubernetesVersion)
    if (bodies === 'refused' && rule.level.startsWith('Request') && LEVELS.includes(rule.level)) {
      errors.invalid(
        path.child('level'),
        rule.level,
        "bodies are not logged here: use Metadata, or set the option bodies to 'leftOut'",
      )
    }
  }
}

function validateRule(
  rule: AuditPolicyRule,
  path: FieldPath,
  errors: ErrorList,
  version: KubernetesVersion,
): void {
  const { level, nonResourceURLs, resources, namespaces, omitStages } = rule
  if (level === '') errors.required(path.child('level'))
  else if (!LEVELS.includes(level)) errors.notSupported(path.child('level'), level, LEVELS)
  const urls = path.child('nonResourceURLs')
  for (const [index, url] of nonResourceURLs.entries()) validateUrl(url, urls.index(index), errors)
  for (const each of resources) validateResources(each, path.child('resources'), errors, version)
  validateStages(omitStages, path.child('omitStages'), errors)
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0)) {
    const detail = 'rules cannot apply to both regular resources and non-resource URLs'
    errors.invalid(urls, nonResourceURLs, detail)
  }
}

function validateUrl(url: string, path: FieldPath, errors: ErrorList): void {
  if (url === '*') return
  if (!url.startsWith('/'))
    errors.invalid(path, url, "non-resource URL rules must begin with a '/' character")
  if (url.slice(0, -1).includes('*')) {
    errors.invalid(path, url, "non-resource URL wildcards '*' must be the final character of the rule")
  }
}

function validateResources(
  { group, resources, resourceNames }: AuditGroupResources,
  path: FieldPath,
  errors: ErrorList,
  version: KubernetesVersion,
): void {
  const isAny = group === '*' && version >= '1.36'
  const problems = group === '' || isAny ? [] : dns1123SubdomainProblems(group)
  if (problems.length > 0) errors.invalid(path.child('group'), group, problems.join(','))
  if (resourceNames.length > 0 && resources.length === 0) {
    const detail = 'using resourceNames requires at least one resource'
    errors.invalid(path.child('resourceNames'), resourceNames, detail)
  }
}

function validateStages(stages: readonly string[], path: FieldPath, errors: ErrorList): void {
  for (const [index, stage] of stages.entries()) {
    if (!STAGES.includes(stage)) {
      errors.invalid(path.index(index), stage, `allowed stages are ${STAGES.join(',')}`)
    }
  }
}
