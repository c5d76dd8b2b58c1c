import type { Awaitable } from '../internal/awaitable.ts'
import { loadedOnFirstUse } from '@kube-authn/internal/on-first-use'
import type * as Answering from './answering.ts'

/** The code that reads and answers reviews. Few apps serve any. */
export const loadAnswering: () => Awaitable<typeof Answering> = loadedOnFirstUse(
  () => import('./answering.ts'),
)
