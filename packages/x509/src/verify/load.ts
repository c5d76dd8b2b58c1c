import { loadedOnFirstUse } from '@kube-authn/internal/on-first-use'
import type * as Verification from './verification.ts'

/** The code that verifies signatures and chains. Many apps only read their certificate authorities, and never see a certificate of a client. */
export const loadVerification: () => typeof Verification | Promise<typeof Verification> = loadedOnFirstUse(
  () => import('./verification.ts'),
)
