import type { DiscoveryResource } from '@kube-authn/core/internal'
import type { Resource } from '../registry/resource.ts'

/** The verbs of every resource, and of its subresources. */
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const SUBRESOURCE_VERBS = { part: ['get', 'patch', 'update'], action: ['create'] }

/** A resource as clients find it. */
export function discovered(resource: Resource): DiscoveryResource {
  const { group, version, kind, plural, singular, isNamespaced, shortNames, categories } = resource
  return {
    group,
    version,
    kind,
    plural,
    singular,
    isNamespaced,
    shortNames,
    categories,
    verbs: verbsOf(resource),
    subresources: (resource.subresources ?? []).map((each) => ({
      name: each.name,
      verbs: each.type === 'part' && each.isReplacedOnly === true ? ['update'] : SUBRESOURCE_VERBS[each.type],
      ...(each.type === 'action' && {
        responseKind: { group: each.group, version: each.version, kind: each.kind },
      }),
    })),
  }
}

function verbsOf({ hasDeletableCollection = true }: Resource): readonly string[] {
  return hasDeletableCollection ? VERBS : VERBS.filter((verb) => verb !== 'deletecollection')
}
