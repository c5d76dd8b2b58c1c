import { apiVersionOf, type Resource, type Subresource } from '../registry/resource.ts'

/** The verbs of every resource, and of its subresources. */
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const SUBRESOURCE_VERBS = { part: ['get', 'patch', 'update'], action: ['create'] }

/** The documents that tell clients what is served. */
export interface Discovery {
  /** `GET /api` and `GET /apis`, in one document each. */
  aggregated(prefix: 'api' | 'apis'): object
  /** The document of a path; `undefined` if there is none. */
  document(path: string): object | undefined
}

/**
 * Discovery of these resources.
 *
 * Source: api `apidiscovery/v2`; apimachinery `pkg/apis/meta/v1` APIGroupList, APIResourceList.
 */
export function discovery(resources: readonly Resource[]): Discovery {
  const groups = groupsOf(resources)
  const names = [...groups.keys()].filter((name) => name !== '').toSorted()

  const documents = new Map<string, object>([
    ['/api', { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }],
    ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map(groupOf) }],
    ...names.map(
      (name) => [`/apis/${name}`, { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name) }] as const,
    ),
    ...[...groups].map(([name, served]) => {
      const path = name === '' ? '/api/v1' : `/apis/${name}/v1`
      return [path, resourceList(name, served)] as const
    }),
  ])

  return {
    document: (path) => documents.get(path),
    aggregated: (prefix) => ({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: (prefix === 'api' ? [''] : names).map((name) => ({
        metadata: name === '' ? {} : { name },
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: (groups.get(name) ?? []).map(aggregatedResource),
          },
        ],
      })),
    }),
  }
}

function groupsOf(resources: readonly Resource[]): ReadonlyMap<string, readonly Resource[]> {
  const groups = new Map<string, Resource[]>()
  for (const resource of resources) {
    const { group } = resource
    groups.set(group, [...(groups.get(group) ?? []), resource])
  }
  return groups
}

function groupOf(name: string): object {
  const version = { groupVersion: `${name}/v1`, version: 'v1' }
  return { name, versions: [version], preferredVersion: version }
}

function resourceList(group: string, resources: readonly Resource[]): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version: 'v1' }),
    resources: resources.flatMap((resource) => {
      const { plural, singular, isNamespaced: namespaced, kind, shortNames, categories } = resource
      const own = { name: plural, singularName: singular, namespaced, kind, verbs: verbsOf(resource) }
      return [
        {
          ...own,
          ...(shortNames.length > 0 && { shortNames }),
          ...(categories.length > 0 && { categories }),
        },
        ...(resource.subresources ?? []).map((each) => ({
          ...own,
          ...(each.type === 'action' && { group: each.group, version: each.version }),
          name: `${plural}/${each.name}`,
          singularName: '',
          kind: each.type === 'action' ? each.kind : kind,
          verbs: SUBRESOURCE_VERBS[each.type],
        })),
      ]
    }),
  }
}

function verbsOf({ hasDeletableCollection = true }: Resource): readonly string[] {
  return hasDeletableCollection ? VERBS : VERBS.filter((verb) => verb !== 'deletecollection')
}

function aggregatedResource(resource: Resource): object {
  const {
    group,
    version,
    kind,
    plural,
    singular,
    isNamespaced,
    shortNames,
    categories,
    subresources = [],
  } = resource
  const responseKind = { group, version, kind }
  return {
    resource: plural,
    responseKind,
    scope: isNamespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: verbsOf(resource),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && {
      subresources: subresources.map((each) => ({
        subresource: each.name,
        responseKind: kindOf(each) ?? responseKind,
        verbs: SUBRESOURCE_VERBS[each.type],
      })),
    }),
  }
}

/** The kind of what is sent and answered, if it is not that of the resource. */
function kindOf(subresource: Subresource): object | undefined {
  if (subresource.type === 'part') return undefined
  const { group, version, kind } = subresource
  return { group, version, kind }
}
