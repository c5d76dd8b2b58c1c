import type { AnonymousConfig, FileNotice } from '@kube-authn/core/internal'
import { type ParsedFlags, booleanOf, isGiven, listOf, stringOf } from './flag-value.ts'

/** Whether requests without credentials are anonymous. */
export interface AnonymousFlag {
  readonly enabled: boolean | AnonymousConfig
  /** Whether the flag was set: then a file must not override it. */
  readonly isGiven: boolean
  readonly notices: readonly FileNotice[]
}

/**
 * Reads `--anonymous-auth`: `byDefault` if it is not given, and off if every user may do everything, that is with the mode AlwaysAllow, and without both
 * `--authorization-mode` and `--authorization-config`.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go` ApplyAuthorization.
 */
export function anonymousFlag(
  flags: ParsedFlags,
  byDefault: boolean | AnonymousConfig = true,
): AnonymousFlag {
  const isItselfGiven = isGiven(flags, 'anonymous-auth')
  const wanted = booleanOf(flags, 'anonymous-auth')
  const modes = listOf(flags, 'authorization-mode')
  const isInFile = stringOf(flags, 'authorization-config') !== ''
  const isAllAllowed = modes.includes('AlwaysAllow') || (modes.length === 0 && !isInFile)
  const isNoted = wanted && isAllAllowed && isGiven(flags, 'anonymous-auth', 'authorization-mode')
  return {
    enabled: wanted && !isAllAllowed && (isItselfGiven || byDefault),
    isGiven: isItselfGiven,
    notices: isNoted ? [ALWAYS_ALLOW] : [],
  }
}

const ALWAYS_ALLOW: FileNotice = {
  severity: 'warning',
  code: 'anonymousAlwaysAllow',
  message:
    'AnonymousAuth is not allowed with the AlwaysAllow authorizer, which is the one without --authorization-mode. Resetting AnonymousAuth to false. You should use a different authorizer',
}
