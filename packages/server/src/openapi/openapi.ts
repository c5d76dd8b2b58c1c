import type { AuthenticationRequest, RequestHeaders, KubernetesVersion } from '@kube-authn/core'
import { firstValues, methodNotAllowed, notAcceptable } from '@kube-authn/core/internal'
import { requireJsonAccepted } from '@kube-authn/api/internal'
import { pageNotFound } from '../registry/status-errors.ts'
import { apiVersionOf, type Resource } from '../registry/resource.ts'
import { groupDocument } from './group-document.ts'
import { OPENAPI_V2_TYPE, openApiV2 } from './openapi-v2.ts'

/** Answers the paths below `/openapi`. Rejects with a `StatusError`: 404, 405, 406. */
export type OpenApi = (
  request: Pick<AuthenticationRequest, 'method' | 'path' | 'query' | 'headers'>,
) => Promise<Response>

interface Document {
  readonly type: string
  readonly content: Uint8Array<ArrayBuffer>
  readonly hash: string
}

const ROOT = '/openapi/v3'
const V2 = '/openapi/v2'
const JSON_TYPE = 'application/json'
const YEAR_SECONDS = 31_536_000

/**
 * The OpenAPI documents of these resources: one for each group version, and one that names them. They are made when they are first asked for.
 *
 * Source: KEP-2896; kube-openapi `pkg/handler3/handler.go`, `pkg/handler/handler.go`.
 *
 * Deviation: only the client itself may keep a copy (`docs/deviations.md`, OpenAPI).
 */
export function openApi(resources: readonly Resource[], release: KubernetesVersion): OpenApi {
  const groups = new Map<string, Resource[]>()
  for (const resource of resources) {
    const path = groupPath(resource)
    groups.set(path, [...(groups.get(path) ?? []), resource])
  }
  let documents: Promise<ReadonlyMap<string, Document>> | undefined

  const make = async (): Promise<ReadonlyMap<string, Document>> => {
    const made = new Map([...groups].map(([path, served]) => [path, groupDocument(served, release)] as const))
    const all = new Map<string, Document>()
    const urls: [string, object][] = []
    for (const [path, document] of made) {
      const written = await documentOf(JSON_TYPE, JSON.stringify(document))
      all.set(`${ROOT}/${path}`, written)
      urls.push([path, { serverRelativeURL: `${ROOT}/${path}?hash=${written.hash}` }])
    }
    all.set(ROOT, await documentOf(JSON_TYPE, JSON.stringify({ paths: Object.fromEntries(urls) })))
    return all.set(V2, await documentOf(OPENAPI_V2_TYPE, openApiV2([...made.values()], release)))
  }

  return async ({ method, path, query, headers }) => {
    documents ??= make()
    const document = (await documents).get(path)
    if (document === undefined) throw pageNotFound()
    if (method !== 'GET') throw methodNotAllowed('GET')
    if (document.type === JSON_TYPE) requireJsonAccepted(headers)
    else requireProtobufAccepted(headers)
    const { hash, type, content } = document
    const asked = firstValues(query).get('hash')
    if (asked !== undefined && asked !== hash) {
      return new Response(null, { status: 301, headers: { location: `${path}?hash=${hash}` } })
    }
    const common = {
      etag: `"${hash}"`,
      vary: 'Accept',
      'cache-control':
        asked === undefined ? 'no-cache, private' : `private, immutable, max-age=${YEAR_SECONDS}`,
    }
    return matches(headers.all('if-none-match'), hash)
      ? new Response(null, { status: 304, headers: common })
      : new Response(content, { status: 200, headers: { 'content-type': type, ...common } })
  }
}

/** `api/v1`, or `apis/rbac.authorization.k8s.io/v1`. */
function groupPath(resource: Resource): string {
  return `${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`
}

async function documentOf(type: string, written: string | Uint8Array): Promise<Document> {
  const content = typeof written === 'string' ? new TextEncoder().encode(written) : new Uint8Array(written)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0'))
  return { type, content, hash: hash.join('').toUpperCase() }
}

/** @throws {StatusError} 406 */
function requireProtobufAccepted(headers: RequestHeaders): void {
  const accepted = headers.all('accept').flatMap((value) => value.split(','))
  const types = accepted.map((clause) => clause.split(';')[0]?.trim().replace('v2@v1.0', 'v2.v1.0'))
  if (!types.some((type) => type === OPENAPI_V2_TYPE || type === '*/*'))
    throw notAcceptable([OPENAPI_V2_TYPE])
}

/** Source: RFC 9110 section 13.1.2. */
function matches(values: readonly string[], hash: string): boolean {
  return values
    .flatMap((value) => value.split(','))
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === `"${hash}"`)
}
