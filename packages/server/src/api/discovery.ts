import { apiVersionOf, type Resource } from '../registry/resource.ts'

/** The verbs of every resource, and of its status. */
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'update', 'watch']
const STATUS_VERBS = ['get', 'update']

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
      const { plural, singular, isNamespaced: namespaced, kind, shortNames, categories, hasStatus } = resource
      const own = { name: plural, singularName: singular, namespaced, kind, verbs: verbsOf(resource) }
      return [
        {
          ...own,
          ...(shortNames.length > 0 && { shortNames }),
          ...(categories.length > 0 && { categories }),
        },
        ...(hasStatus === true
          ? [{ ...own, name: `${plural}/status`, singularName: '', verbs: STATUS_VERBS }]
          : []),
      ]
    }),
  }
}

function verbsOf({ hasDeletableCollection = true }: Resource): readonly string[] {
  return hasDeletableCollection ? VERBS : VERBS.filter((verb) => verb !== 'deletecollection')
}

function aggregatedResource(resource: Resource): object {
  const { group, version, kind, plural, singular, isNamespaced, shortNames, categories, hasStatus } = resource
  const responseKind = { group, version, kind }
  return {
    resource: plural,
    responseKind,
    scope: isNamespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: verbsOf(resource),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(hasStatus === true && {
      subresources: [{ subresource: 'status', responseKind, verbs: STATUS_VERBS }],
    }),
  }
}
