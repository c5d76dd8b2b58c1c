import { effectiveRules } from '@kube-authn/core/authorization'
import { decodedRbac, writtenRule } from '../../registry/escalation/escalation.ts'
import type { Registry } from '../../registry/registry.ts'
import { rbacResources } from '../../registry/resources/rbac.ts'
import type { Resource } from '../../registry/resource.ts'
import type { ObjectController } from '../object-controller.ts'
import { wholeCheck } from '../loop/whole-check.ts'
import { replaceUnchanged } from '../registry-access.ts'

/**
 * Writes the rules of each ClusterRole with an aggregation rule: those of all roles that it selects, sorted by the names of the roles.
 *
 * Source: kubernetes `pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`.
 *
 * Deviation: roles that select each other keep no rule that no other role has (`docs/deviations.md`, roles that select each other).
 */
export function clusterRoleAggregation(registry: Registry): ObjectController {
  const resources = rbacResources.filter(({ kind }) => kind === 'ClusterRole')
  const checks = new Map(
    resources.map((resource) => [resource, wholeCheck(() => aggregateAll(registry, resource))]),
  )
  return {
    name: 'clusterrole-aggregation-controller',
    resources,
    async reconcile({ resource }, object) {
      await checks.get(resource)?.(object)
      return {}
    },
  }
}

async function aggregateAll(registry: Registry, resource: Resource): Promise<number | undefined> {
  const { items, resourceVersion } = await registry.list({ resource, namespace: '' })
  const roles = items.map(decodedRbac).filter((role) => role?.kind === 'ClusterRole')
  const wanted = effectiveRules(roles)
  const objects = new Map(items.map((object) => [object.metadata.name, object]))
  const errors: unknown[] = []
  let isUnchanged = true
  for (const { name, rules: present, aggregation } of roles) {
    const object = objects.get(name)
    const rules = wanted.get(name)
    if (aggregation === undefined || object === undefined || rules === undefined) continue
    if (JSON.stringify(present) === JSON.stringify(rules)) continue
    try {
      const target = { resource, namespace: '', name }
      isUnchanged =
        (await replaceUnchanged(registry, target, { ...object, rules: rules.map(writtenRule) })) &&
        isUnchanged
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'the rules of some roles could not be written')
  return isUnchanged ? Number(resourceVersion) : undefined
}
