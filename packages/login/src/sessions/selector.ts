import {
  aNonEmptyString,
  aString,
  checkOptions,
  type OptionsShape,
  refuseProblems,
} from '@kube-authn/core/internal/shared'
import type { SessionSelector } from './session-keeper.ts'

const shape: OptionsShape<SessionSelector> = {
  digest: aNonEmptyString,
  provider: aString,
  subject: aString,
  providerSession: aString,
  username: aString,
}

/** @throws {ConfigurationError} if it selects nothing, which must not mean everything. */
export function requireSelector(selector: SessionSelector): void {
  checkOptions(shape, selector)
  if (Object.values(selector).some((value) => value !== undefined)) return
  refuseProblems([{ path: 'selector', message: 'must have a member' }])
}
