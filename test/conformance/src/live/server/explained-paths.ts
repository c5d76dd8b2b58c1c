import type { ServerExplanation } from './explain-sequence.ts'
import type { RecordedLine } from './recorded-line.ts'

/** Paths that are not objects, or not served. */
export const explainedPaths: readonly ServerExplanation[] = [
  {
    row: 'watches in paths',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' &&
      there === 200 &&
      here === 404 &&
      /^\/apis?\/(?:[^/]+\/)?v1\/watch\//.test(targetOf(line)),
  },
  {
    row: 'ambiguous paths',
    explains: ({ at, here }, { line }) =>
      at === 'status' && here === 400 && /\/\/|\/\.{1,2}(?:\/|$)|%2[Ff]|^\/API/.test(targetOf(line)),
  },
  {
    row: 'resources served',
    about: 'groups, resources and pages',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' && there === 200 && here === 404 && isUnserved(targetOf(line)),
  },
  {
    row: 'metrics',
    explains: ({ at, there, here }, { line }) =>
      at === 'header content-type' &&
      targetOf(line) === '/metrics' &&
      String(there).startsWith(`${String(here)}; escaping=`),
  },
  {
    row: 'paths of objects',
    about: 'a name that cannot be stored',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' && there === 404 && here === 400 && targetOf(line).includes('%00'),
  },
  {
    row: 'paths of objects',
    explains: ({ at }, { line, here }) =>
      here.status === 404 &&
      /^(?:status|body\.(?:message|details\..*))$/.test(at) &&
      targetOf(line).endsWith('/'),
  },
  {
    row: 'health',
    about: 'other methods',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' && there === 200 && here === 405 && line.method !== 'GET' && isHealth(line),
  },
  {
    row: 'health',
    about: 'the names of the checks, and headers',
    explains: ({ at }, { line, there, here }) =>
      there.status === here.status &&
      isHealth(line) &&
      (at === 'body' || at === 'header x-content-type-options'),
  },
  {
    row: 'OpenAPI',
    explains: (_, { line }) => /^\/openapi\/v[23](?:\/|$)/.test(targetOf(line)),
  },
  {
    row: 'methods of HTTP',
    explains: ({ at, here }, { line }) => at === 'status' && here === 400 && !HTTP_METHODS.has(line.method),
  },
  {
    row: 'discovery',
    explains: ({ at }, { line, there, here }) =>
      there.status === 200 &&
      here.status === 200 &&
      isDiscovery(line) &&
      (at.startsWith('body') || at.startsWith('header')),
  },
  {
    row: 'media types of discovery',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' &&
      ((there === 406 && here === 200) || (there === 200 && here === 406)) &&
      (isDiscovery(line) || targetOf(line) === '/version') &&
      line.headers?.['accept'] !== undefined,
  },
  {
    row: 'challenges',
    explains: ({ at, there }, { there: { status } }) =>
      at === 'header www-authenticate' && there === undefined && status === 401,
  },
  {
    row: 'content of refusals',
    about: 'text of the server itself',
    explains: ({ at, there }, { there: { status, headers } }) =>
      status === 400 &&
      headers['content-type'] === 'text/plain; charset=utf-8' &&
      (at === 'body' ? there === '400 Bad Request' : /^header (?:content-type|cache-control)$/.test(at)),
  },
]

const SERVED_GROUPS =
  /^\/apis\/(?:authentication|authorization|certificates|coordination|rbac\.authorization)\.k8s\.io(?:\/|$)/
const SERVED_RESOURCES =
  /^\/api\/v1\/(?:namespaces\/[^/]+\/)?(?:configmaps|events|namespaces|nodes|pods|secrets|serviceaccounts|services)(?:\/|$)/

function isUnserved(target: string): boolean {
  if (target.startsWith('/apis/')) return !SERVED_GROUPS.test(target)
  if (target.startsWith('/api/v1/')) return !SERVED_RESOURCES.test(target)
  return /^\/(?:metrics\/.*|statusz|flagz|configz|debug\/.*)$/.test(target)
}

function isHealth(line: RecordedLine): boolean {
  return /^\/(?:healthz|livez|readyz)(?:\/|$)/.test(targetOf(line))
}

const HTTP_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'])

function targetOf({ path }: RecordedLine): string {
  return path.split('?')[0] ?? ''
}

function isDiscovery(line: RecordedLine): boolean {
  return /^\/(?:api|apis)(?:\/[^/]+)?(?:\/v1)?\/?$/.test(targetOf(line))
}
