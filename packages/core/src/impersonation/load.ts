import type { Awaitable } from '../internal/awaitable.ts'
import { loadedOnFirstUse } from '@kube-authn/internal/on-first-use'
import type * as Attempts from './attempts.ts'

/** The code that decides about impersonation. Few requests ask for it. */
export const loadAttempts: () => Awaitable<typeof Attempts> = loadedOnFirstUse(() => import('./attempts.ts'))
