import type { RecordedLine } from './recorded-line.ts'

/** What a path is about. Absent parts are `''`. */
export interface ResourcePath {
  readonly group: string
  readonly namespace: string
  readonly resource: string
  readonly name: string
  readonly subresource: string
}

const PATH =
  /^\/(?:api\/v1|apis\/([^/]+)\/[^/]+)(?:\/watch)?(?:\/namespaces\/([^/]+)(?=\/[^/]))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/

/** Reads the path of a request for objects. `undefined` if it is another path. */
export function resourcePath({ path }: RecordedLine): ResourcePath | undefined {
  const [target = ''] = path.split('?')
  const match = PATH.exec(target)
  if (match === null) return undefined
  const [, group = '', namespace = '', resource = '', name = '', subresource = ''] = match
  // A namespace and its own parts: `/namespaces/x/status`.
  return ['status', 'finalize'].includes(resource) && namespace !== ''
    ? { group, namespace: '', resource: 'namespaces', name: namespace, subresource: resource }
    : { group, namespace, resource, name, subresource }
}
