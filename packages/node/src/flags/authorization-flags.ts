import type { ConfigurationProblem } from '@kube-authn/core'
import { quoted } from '@kube-authn/core/internal'
import type { AuthorizerFromFlagsOptions } from './flags-options.ts'
import { REFUSED_MODES } from './parse-flags.ts'
import { type ParsedFlags, isGiven, listOf, stringOf } from './flag-value.ts'

const MODE = 'authorization-mode'
const WEBHOOK = 'authorization-webhook-config-file'
const MODES: readonly string[] = ['AlwaysAllow', 'AlwaysDeny', 'RBAC', 'Webhook']

/**
 * Problems of the modes.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authorization.go` Validate.
 */
export function authorizationProblems(
  flags: ParsedFlags,
  { rbac }: AuthorizerFromFlagsOptions,
): readonly ConfigurationProblem[] {
  const modes = listOf(flags, MODE)
  const problems: ConfigurationProblem[] = []
  const refuse = (path: string, message: string): void => void problems.push({ path, message })

  if (modes.length === 0) {
    refuse(`--${MODE}`, `at least one ${MODE} must be passed, of ${MODES.join(', ')}`)
  }
  for (const mode of new Set(modes)) {
    if (Object.hasOwn(REFUSED_MODES, mode)) refuse(`--${MODE}`, REFUSED_MODES[mode] ?? '')
  }
  problems.push(...modeProblems(flags))
  const webhook = stringOf(flags, WEBHOOK)
  if (modes.includes('Webhook') && webhook === '') {
    refuse(`--${WEBHOOK}`, `${MODE} Webhook's authorization config file not passed`)
  }
  if (!modes.includes('Webhook') && webhook !== '') {
    refuse(`--${WEBHOOK}`, `cannot specify --${WEBHOOK} without mode Webhook`)
  }
  if (modes.includes('RBAC') && rbac === undefined) {
    refuse(
      `--${MODE}`,
      'the mode RBAC needs the manifests of roles and bindings, which a kube-apiserver has in its store: set the option rbac to a file or a folder',
    )
  }
  if (!modes.includes('RBAC') && rbac !== undefined) refuse('rbac', 'has no effect without the mode RBAC')
  return problems
}

/** Flags that `--authorization-config` replaces. */
const LEGACY = [
  MODE,
  WEBHOOK,
  'authorization-webhook-version',
  'authorization-webhook-cache-authorized-ttl',
  'authorization-webhook-cache-unauthorized-ttl',
] as const

/**
 * Flags that conflict with `--authorization-config`, even with their default values.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authorization.go` Validate.
 */
export function configurationProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  if (!isGiven(flags, ...LEGACY)) return []
  const message =
    '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined'
  return [{ path: '--authorization-config', message }]
}

/** Modes that kube-apiserver rejects, whether they are supported here or not. */
export function modeProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const path = `--${MODE}`
  const modes = listOf(flags, MODE)
  const distinct = [...new Set(modes)]
  const problems = distinct
    .filter((mode) => !MODES.includes(mode) && !Object.hasOwn(REFUSED_MODES, mode))
    .map((mode) => ({ path, message: `${MODE} ${quoted(mode)} is not a valid mode` }))
  if (distinct.length < modes.length) {
    const message = `${MODE} [${modes.map(quoted).join(' ')}] has mode specified more than once`
    problems.push({ path, message })
  }
  return problems
}
