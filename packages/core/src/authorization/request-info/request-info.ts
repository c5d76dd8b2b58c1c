import { isWatch, type RequestSelectors, selectedName, selectorsIn } from './list-options.ts'
import { firstValues, percentDecoded } from '../../internal/query.ts'
import { trimmed } from '../../internal/trimmed.ts'
import type { Attributes } from '../attributes.ts'
import type { AuthenticationRequest } from '../../request/request.ts'

/**
 * The API object and verb of a request, read from its method, path and query. Fields that do not apply are `''`.
 *
 * Source: apiserver `pkg/endpoints/request/requestinfo.go`.
 */
export interface RequestInfo extends Pick<
  Attributes,
  'resourceRequest' | 'apiGroup' | 'apiVersion' | 'namespace' | 'resource' | 'subresource' | 'name'
> {
  /** The path, decoded. */
  readonly path: string
  /** A Kubernetes verb for a resource; the method in lower case for anything else. */
  readonly verb: string
  /** `api` or `apis`. */
  readonly apiPrefix: string
  /** Resource, name, subresource, and all further segments of the path. */
  readonly parts: readonly string[]
  /** As sent, for `list`, `watch` and `deletecollection`. */
  readonly fieldSelector: string
  /** As sent, for `list`, `watch` and `deletecollection`. */
  readonly labelSelector: string
  /** Set if the path cannot be read; the other fields hold what was read before. */
  readonly problem?: RequestInfoProblem
}

/** Why a path cannot be read, and the status to answer with. */
export interface RequestInfoProblem {
  readonly status: 400 | 500
  readonly message: string
}

const API_PREFIXES: ReadonlySet<string> = new Set(['api', 'apis'])
const GROUPLESS_PREFIX = 'api'
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize'])
const VERBS: ReadonlyMap<string, string> = new Map([
  ['POST', 'create'],
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
])

/**
 * Reads the request info from a path such as `/apis/apps/v1/namespaces/shop/deployments/web/scale`. Any other path is a non-resource path.
 * It never throws: if the path cannot be read, the result has a `problem`.
 *
 * @example
 * requestInfo({ method: 'GET', path: '/api/v1/namespaces/shop/pods', query: 'watch=1' }).verb // 'watch'
 */
export function requestInfo(request: RequestTarget): RequestInfo {
  return readRequest(request, selectorsIn).info
}

/** The same for a refused request: selectors are not parsed, so a name in a field selector is not known. */
export function requestInfoWithoutSelectors(request: RequestTarget): RequestInfo {
  return readRequest(request, () => undefined).info
}

/** Of a request that is not below a prefix: its path is none of an API. */
export function nonResourceInfo({ method, path }: RequestTarget): RequestInfo {
  return nonResource(method, percentDecoded(path) ?? path)
}

/** The request info, and the selectors if there are any, so that they are parsed only once. */
export interface ReadRequest {
  readonly info: RequestInfo
  readonly selectors?: RequestSelectors
}

/** @param read parses the selectors, or returns `undefined`. */
export function readRequest(
  request: RequestTarget,
  read: (parameters: ReadonlyMap<string, string>) => RequestSelectors | undefined = selectorsIn,
): ReadRequest {
  const info = infoOf(request)
  const isCollection =
    info.resourceRequest &&
    info.problem === undefined &&
    info.name === '' &&
    (info.verb === 'get' || info.verb === 'delete')
  return isCollection ? collection(info, request.query, read) : { info }
}

function infoOf(request: RequestTarget): RequestInfo {
  const path = percentDecoded(request.path)
  const info = nonResource(request.method, path ?? request.path)
  if (path === undefined) {
    return { ...info, problem: { status: 400, message: 'the path has a malformed escape' } }
  }
  const [apiPrefix = '', ...afterPrefix] = segmentsOf(path)
  if (afterPrefix.length < 2 || !API_PREFIXES.has(apiPrefix)) return info
  if (apiPrefix === GROUPLESS_PREFIX) return resource({ ...info, apiPrefix }, afterPrefix, request)
  if (afterPrefix.length < 3) return { ...info, apiPrefix }
  const [apiGroup = '', ...afterGroup] = afterPrefix
  return resource({ ...info, apiPrefix, apiGroup }, afterGroup, request)
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    resourceRequest: false,
    path,
    verb: method.toLowerCase(),
    apiPrefix: '',
    apiGroup: '',
    apiVersion: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    parts: [],
    fieldSelector: '',
    labelSelector: '',
  }
}

/** `segments` are the version and at least one more. */
function resource(base: RequestInfo, segments: readonly string[], request: RequestTarget): RequestInfo {
  const [apiVersion = '', ...rest] = segments
  const isSpecial = rest[0] === 'proxy' || rest[0] === 'watch'
  if (isSpecial && rest.length < 2) {
    const url = targetText(request)
    const message = `failed to create RequestInfo: unable to determine kind and namespace from url, ${url}`
    return { ...base, resourceRequest: true, apiVersion, problem: { status: 500, message } }
  }
  const verb = isSpecial ? (rest[0] ?? '') : (VERBS.get(request.method) ?? '')
  const { namespace, parts } = namespaced(isSpecial ? rest.slice(1) : rest)
  return {
    ...base,
    resourceRequest: true,
    verb,
    apiVersion,
    namespace,
    parts,
    resource: parts[0] ?? '',
    name: parts[1] ?? '',
    subresource: verb === 'proxy' ? '' : (parts[2] ?? ''),
  }
}

function namespaced(segments: readonly string[]): Pick<RequestInfo, 'namespace' | 'parts'> {
  const [first, namespace, next] = segments
  if (first !== 'namespaces' || namespace === undefined) return { namespace: '', parts: segments }
  const isAboutNamespace = next === undefined || NAMESPACE_SUBRESOURCES.has(next)
  return { namespace, parts: isAboutNamespace ? segments : segments.slice(2) }
}

/** Without a name, a `get` is a `list` or a `watch`, and a `delete` is a `deletecollection`; these have selectors. A `watch` in the path has no selectors. */
function collection(
  info: RequestInfo,
  query: string,
  read: (parameters: ReadonlyMap<string, string>) => RequestSelectors | undefined,
): ReadRequest {
  const parameters = firstValues(query)
  const selectors = read(parameters)
  const asSent = {
    fieldSelector: parameters.get('fieldSelector') ?? '',
    labelSelector: parameters.get('labelSelector') ?? '',
  }
  const found = selectors === undefined ? {} : { selectors }
  if (info.verb === 'delete') return { info: { ...info, ...asSent, verb: 'deletecollection' }, ...found }
  const name = selectors === undefined ? '' : selectedName(parameters, selectors)
  return { info: { ...info, ...asSent, verb: isWatch(parameters) ? 'watch' : 'list', name }, ...found }
}

function segmentsOf(path: string): readonly string[] {
  const inner = trimmed(path, '/')
  return inner === '' ? [] : inner.split('/')
}

/** The parts of a request that are read. */
export type RequestTarget = Pick<AuthenticationRequest, 'method' | 'path' | 'query'>

/** Path and query as sent. */
export function targetText(request: RequestTarget): string {
  return request.query === '' ? request.path : `${request.path}?${request.query}`
}
