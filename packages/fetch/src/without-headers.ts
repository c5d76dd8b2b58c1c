import type { HeaderChanges } from '@kube-authn/core'
import { withHeaderChanges } from '@kube-authn/core/adapter'

/**
 * The request with changed headers: the same one if its headers are mutable, otherwise a copy of the same class.
 *
 * @throws {TypeError} if it cannot be copied, since its body was read or its class is made in another way.
 */
export function withoutHeaders<Req extends Request>(request: Req, changes: HeaderChanges): Req {
  const changed = withHeaderChanges(request, changes)
  if (isOfClassOf(request, changed)) return changed
  // Such as `NextRequest`, whose constructor takes a request.
  const copy: unknown = Reflect.construct(request.constructor, [changed])
  if (isOfClassOf(request, copy)) return copy
  throw new TypeError('the headers of the request are immutable, and its class does not copy a request')
}

function isOfClassOf<Req extends Request>(request: Req, other: unknown): other is Req {
  return (
    typeof other === 'object' &&
    other !== null &&
    Object.getPrototypeOf(other) === Object.getPrototypeOf(request)
  )
}
