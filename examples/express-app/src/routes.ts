import type { RequestAttributes } from '@kube-authn/core/authorization'

/** What an authorizer is asked about a request for `/RESOURCE/NAME`; `undefined` for the other paths, which every authenticated user may ask for. */
export function attributesFor({
  method,
  path,
}: {
  readonly method: string
  readonly path: string
}): RequestAttributes | undefined {
  const [, resource, name] = /^\/([\w-]+)\/([^/]+)$/.exec(path) ?? []
  if (resource === undefined || name === undefined) return undefined
  return { verb: VERBS.get(method) ?? '', resource, name: decodeURIComponent(name) }
}

/** The verbs of Kubernetes for the methods of a request about one object. */
const VERBS: ReadonlyMap<string, string> = new Map([
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
])
