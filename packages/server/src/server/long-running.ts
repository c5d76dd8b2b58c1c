import type { RequestInfo } from '@kube-authn/core/authorization'

const VERBS: ReadonlySet<string> = new Set(['watch', 'proxy'])
const SUBRESOURCES: ReadonlySet<string> = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

/**
 * Whether a request may last as long as its client wants, so that neither timeout nor limit is for it.
 *
 * Source: apiserver `pkg/server/filters/longrunning.go`; kubernetes `cmd/kube-apiserver/app/server.go`.
 */
export function isLongRunning({ verb, resourceRequest, subresource }: RequestInfo): boolean {
  return resourceRequest && (VERBS.has(verb) || SUBRESOURCES.has(subresource))
}
