import type { Awaitable } from '../internal/awaitable.ts'
import { loadedOnFirstUse } from '@kube-authn/internal/on-first-use'
import type * as Reading from './request-attributes.ts'

/** The code that reads the attributes of requests with Kubernetes-style paths. Apps that only authenticate have no use for it. */
export const loadAttributesReader: () => Awaitable<typeof Reading> = loadedOnFirstUse(
  () => import('./request-attributes.ts'),
)
