import type { FileNotice } from '@kube-authn/core/internal'
import { isGateOff, UID_GATE } from './feature-gates.ts'
import type { AddProblem } from './flag-problems.ts'
import type { ParsedFlags } from './flag-value.ts'

/** The flags and the headers that Kubernetes API aggregation needs in them. */
const LISTS = [
  ['requestheader-username-headers', 'X-Remote-User', 'header'],
  ['requestheader-uid-headers', 'X-Remote-Uid', 'header'],
  ['requestheader-group-headers', 'X-Remote-Group', 'header'],
  ['requestheader-extra-headers-prefix', 'X-Remote-Extra-', 'header prefix'],
] as const

const ALLOWED_NAMES = 'requestheader-allowed-names'

/**
 * Adds problems of the header names.
 *
 * Source: apiserver `pkg/server/options/authentication.go` RequestHeaderAuthenticationOptions.Validate.
 */
export function requestHeaderProblems(flags: ParsedFlags, add: AddProblem): void {
  for (const flag of [...LISTS.map(([name]) => name), ALLOWED_NAMES]) {
    if (flags.list(flag).some((name) => name.trim() === '')) add(flag, `empty value in "${flag}"`)
  }
  const [, [uidFlag, uidHeader]] = LISTS
  if (flags.list(uidFlag).length === 0) return
  if (isGateOff(flags, UID_GATE)) {
    add(uidFlag, `--${uidFlag} requires the "${UID_GATE}" feature to be enabled`)
  } else if (lacks(flags, uidFlag, uidHeader)) {
    add(uidFlag, withoutStandard(uidFlag, uidHeader, 'header'))
  }
}

/** Notices about values that work here but break API aggregation, and about flags without effect. */
export function requestHeaderNotices(flags: ParsedFlags): readonly FileNotice[] {
  const notices: FileNotice[] = LISTS.filter(
    ([flag, header]) =>
      flag !== 'requestheader-uid-headers' && flags.list(flag).length > 0 && lacks(flags, flag, header),
  ).map(([flag, header, noun]) => ({
    severity: 'warning',
    code: `noStandardHeader:${flag}`,
    message: withoutStandard(flag, header, noun),
  }))
  const names = LISTS.map(([flag]) => flag)
  if (
    flags.isGiven(...names, ALLOWED_NAMES) &&
    flags.optional('requestheader-client-ca-file') === undefined
  ) {
    notices.push({
      severity: 'advice',
      code: 'noProxy',
      message:
        'without --requestheader-client-ca-file no front proxy is trusted, and the other --requestheader-* flags have no effect',
    })
  }
  return notices
}

export function requestHeaderNames(flags: ParsedFlags): Readonly<{
  usernameHeaders: readonly string[]
  uidHeaders: readonly string[]
  groupHeaders: readonly string[]
  extraHeaderPrefixes: readonly string[]
  allowedNames: readonly string[]
}> {
  const [[username], [uid], [group], [extra]] = LISTS
  return {
    usernameHeaders: flags.list(username),
    uidHeaders: flags.list(uid),
    groupHeaders: flags.list(group),
    extraHeaderPrefixes: flags.list(extra),
    allowedNames: flags.list(ALLOWED_NAMES),
  }
}

function lacks(flags: ParsedFlags, flag: string, header: string): boolean {
  return !flags.list(flag).some((name) => name.toLowerCase() === header.toLowerCase())
}

function withoutStandard(flag: string, header: string, noun: string): string {
  return `--${flag} is set without specifying the standard ${header} ${noun} - API aggregation will not work`
}
