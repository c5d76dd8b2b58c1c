import { badRequest, memberOf } from '@kube-authn/core/internal'
import type { StatusError } from '@kube-authn/core/adapter'
import { refusal } from './failures.ts'
import { tokensOf, valuesOf } from './headers/hop-by-hop.ts'
import type { NodeMessage } from './node-types.ts'

/** How long the body of a request is: nothing, a number of bytes, or unknown. */
export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'sized'; readonly length: string }
  | { readonly kind: 'chunked' }

/** Of these, servers expect a length (RFC 9110 section 8.6). */
const WITH_CONTENT: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT'])

/** How the body of a request is framed. Whatever is ambiguous is refused, also if Node's parser let it pass. Source: RFC 9112 sections 6.1 to 6.3. */
export function bodyOf(message: NodeMessage): Body | StatusError {
  const { rawHeaders } = message
  const lengths = valuesOf(rawHeaders, 'content-length').map((value) => value.trim())
  const codings = valuesOf(rawHeaders, 'transfer-encoding').flatMap(tokensOf)
  const [length] = lengths
  if (lengths.length > 1 || (length !== undefined && !/^\d{1,15}$/.test(length))) {
    return badRequest('the length of the request is ambiguous')
  }
  if (codings.length > 0) {
    if (length !== undefined) return badRequest('the length of the request is ambiguous')
    if (codings.length === 1 && codings[0] === 'chunked') return { kind: 'chunked' }
    return refusal(501, 'NotImplemented', 'the transfer coding of the request is not supported')
  }
  if (length !== undefined) return { kind: 'sized', length }
  if ('stream' in message && memberOf(message.stream, 'endAfterHeaders') !== true) return { kind: 'chunked' }
  return WITH_CONTENT.has(message.method ?? '') ? { kind: 'sized', length: '0' } : { kind: 'none' }
}

/** Whether there is, or may be, any content. */
export function hasContent(body: Body): boolean {
  return body.kind === 'chunked' || (body.kind === 'sized' && !/^0+$/.test(body.length))
}
