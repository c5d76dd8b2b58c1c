import type { AuthenticationRequest, RequestHeaders } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { defined, methodNotAllowed, notAcceptable, notServed } from '@kube-authn/core/internal'
import { objectAnswer } from '../objects/answer.ts'
import { asksFor, asksForConversion, clausesFor, JSON_MEDIA_TYPE } from '../objects/media-types.ts'
import type { DiscoveryResource } from './resource.ts'

/** The documents that tell clients what is served. */
export interface DiscoveryDocuments {
  /** `/api` and `/apis`, each in one document. */
  aggregated(prefix: '/api' | '/apis'): object
  /** The document of a path, with or without one slash at its end; `undefined` if there is none. */
  document(path: string): object | undefined
}

/** A group with its versions, the preferred one first, each with its resources. */
type Groups = ReadonlyMap<string, ReadonlyMap<string, readonly DiscoveryResource[]>>

/**
 * Discovery of these resources. The first version of a group is its preferred one.
 *
 * Source: api `apidiscovery/v2`; apimachinery `pkg/apis/meta/v1` APIGroupList, APIResourceList.
 */
export function discoveryDocuments(resources: readonly DiscoveryResource[]): DiscoveryDocuments {
  const groups = groupsOf(resources)
  const names = [...groups.keys()].filter((name) => name !== '').toSorted()
  const coreVersions = [...(groups.get('')?.keys() ?? [])]

  const documents = new Map<string, object>([
    ['/api', { kind: 'APIVersions', versions: coreVersions, serverAddressByClientCIDRs: [] }],
    ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map((name) => groupOf(groups, name)) }],
    ...names.map(
      (name) => [`/apis/${name}`, { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(groups, name) }] as const,
    ),
    ...[...groups].flatMap(([group, versions]) =>
      [...versions].map(([version, served]) => {
        const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
        return [path, resourceList(groupVersion(group, version), served)] as const
      }),
    ),
  ])

  return {
    document: (path) => documents.get(path.endsWith('/') ? path.slice(0, -1) : path),
    aggregated: (prefix) => ({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: (prefix === '/api' ? [''].filter((name) => groups.has(name)) : names).map((name) => ({
        metadata: name === '' ? {} : { name },
        versions: [...(groups.get(name) ?? [])].map(([version, served]) => ({
          version,
          freshness: 'Current',
          resources: served.map(aggregatedResource),
        })),
      })),
    }),
  }
}

function groupsOf(resources: readonly DiscoveryResource[]): Groups {
  const groups = new Map<string, Map<string, DiscoveryResource[]>>()
  for (const resource of resources) {
    const { group, version } = resource
    const versions = groups.get(group) ?? new Map<string, DiscoveryResource[]>()
    groups.set(group, versions.set(version, [...(versions.get(version) ?? []), resource]))
  }
  return groups
}

function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

function groupOf(groups: Groups, name: string): object {
  const versions = [...(groups.get(name)?.keys() ?? [])].map((version) => ({
    groupVersion: groupVersion(name, version),
    version,
  }))
  return { name, versions, preferredVersion: versions[0] }
}

function resourceList(inGroupVersion: string, resources: readonly DiscoveryResource[]): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: inGroupVersion,
    resources: resources.flatMap(listed),
  }
}

function listed(resource: DiscoveryResource): readonly object[] {
  const { plural, singular, isNamespaced: namespaced, kind, verbs } = resource
  const { subresources = [] } = resource
  const own = { name: plural, singularName: singular, namespaced, kind, verbs }
  return [
    { ...own, ...furtherNames(resource) },
    ...subresources.map((each) => ({
      ...own,
      ...defined({ group: each.responseKind?.group, version: each.responseKind?.version }),
      name: `${plural}/${each.name}`,
      singularName: '',
      kind: each.responseKind?.kind ?? kind,
      verbs: each.verbs,
    })),
  ]
}

function furtherNames({ shortNames = [], categories = [] }: DiscoveryResource): object {
  return { ...(shortNames.length > 0 && { shortNames }), ...(categories.length > 0 && { categories }) }
}

function aggregatedResource(resource: DiscoveryResource): object {
  const { group, version, kind, plural, singular, isNamespaced, verbs } = resource
  const { subresources = [] } = resource
  const responseKind = { group, version, kind }
  return {
    resource: plural,
    responseKind,
    scope: isNamespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...furtherNames(resource),
    ...(subresources.length > 0 && {
      subresources: subresources.map((each) => ({
        subresource: each.name,
        responseKind: each.responseKind ?? responseKind,
        verbs: each.verbs,
      })),
    }),
  }
}

/** The paths of the documents about these resources, without those about all groups. */
export function discoveryPaths(resources: readonly DiscoveryResource[]): ReadonlySet<string> {
  return new Set(
    resources.flatMap(({ group, version }) =>
      group === '' ? [`/api/${version}`] : [`/apis/${group}`, `/apis/${group}/${version}`],
    ),
  )
}

/**
 * Answers a request for a document of discovery: `/api` and `/apis` in the form that the client prefers.
 *
 * Source: apiserver `pkg/endpoints/discovery/aggregated/wrapper.go`.
 *
 * @throws {StatusError} 404 if there is no document at the path, 405, or 406 if the client does not accept JSON.
 */
export function answerDiscovery(
  { method, path, headers }: Pick<AuthenticationRequest, 'method' | 'path' | 'headers'>,
  documents: DiscoveryDocuments,
): HttpAnswer {
  const document = documents.document(path)
  if (document === undefined) throw notServed()
  if (method !== 'GET') throw methodNotAllowed('GET')
  const prefix = path.endsWith('/') ? path.slice(0, -1) : path
  if (prefix !== '/api' && prefix !== '/apis') {
    clausesFor(headers, [JSON_MEDIA_TYPE])
    return objectAnswer(200, document)
  }
  const isAggregated = wantsAggregated(headers)
  const { headers: sent, ...rest } = objectAnswer(200, isAggregated ? documents.aggregated(prefix) : document)
  return {
    ...rest,
    headers: { ...sent, vary: 'Accept', ...(isAggregated && { 'content-type': AGGREGATED_TYPE }) },
  }
}

const AGGREGATED_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

function wantsAggregated(headers: RequestHeaders): boolean {
  const clauses = clausesFor(headers, [JSON_MEDIA_TYPE])
  for (const clause of clauses) {
    if (!asksForConversion(clause)) return false
    if (asksFor(clause, 'APIGroupDiscoveryList', 'apidiscovery.k8s.io', ['v2'])) return true
  }
  if (clauses.length > 0) throw notAcceptable([JSON_MEDIA_TYPE])
  return false
}
