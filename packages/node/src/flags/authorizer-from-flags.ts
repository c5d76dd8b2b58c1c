import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import {
  alwaysAllow,
  alwaysDeny,
  type Authorizer,
  MASTERS_GROUP,
  privilegedGroups,
} from '@kube-authn/core/authorization'
import { defined, namedUnion, optionProblems, refuseProblems, quoted } from '@kube-authn/core/internal'
import { authorizationConfigurationAt } from '../at/authorization-configuration-at.ts'
import { type NodeAuthorizer, isAuthorizer } from '../configure/create-authorizer.ts'
import { type Opener, opener } from '../configure/opener.ts'
import { rbacAt } from '../at/rbac-at.ts'
import { webhookAuthorizerAt } from '../webhook/webhooks-at.ts'
import { delegatedAuthorizer, isDelegatedAuthorization } from './delegated-from-flags.ts'
import {
  anArgv,
  type AuthorizerFromFlagsOptions,
  authorizerFromFlagsShape,
  sharedOf,
  nonNegativeSeconds,
} from './flags-options.ts'
import { type AddProblem, addedProblems, ignoredNotices, notifyNotices } from './flag-problems.ts'
import { parseFlags, REFUSED_FOR_AUTHORIZATION, REFUSED_MODES } from './parse-flags.ts'
import type { ParsedFlags } from './flag-value.ts'
import { closeable } from '../options/closeable.ts'

/**
 * The authorizer of a kube-apiserver with this command line: members of `system:masters` may do everything, then the modes of `--authorization-mode`
 * or the authorizers of `--authorization-config` are consulted in order. With `--authorization-kubeconfig` or `--authorization-always-allow-paths` it
 * is the authorizer of an extension API server, by `delegatedAuthentication`.
 *
 * Arguments before the first flag are skipped, and unrelated flags are ignored.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authorization.go`, `pkg/kubeapiserver/authorizer/config.go`.
 *
 * Deviation: without a mode it throws instead of using AlwaysAllow (`docs/deviations.md`, flags).
 *
 * @throws {ConfigurationError} as a rejection, with every problem found: of flags, under their names, and of files.
 * @example
 * const authorizer = await authorizerFromFlags(process.argv, { rbac: '/etc/my-app/roles/' })
 */
export async function authorizerFromFlags(
  argv: readonly string[],
  options: AuthorizerFromFlagsOptions = {},
): Promise<NodeAuthorizer> {
  refuseProblems(anArgv(argv, 'argv'), optionProblems(authorizerFromFlagsShape, options))
  const flags = parseFlags(argv, REFUSED_FOR_AUTHORIZATION)
  const { observer } = options
  const authorizer = isDelegatedAuthorization(flags)
    ? await delegatedAuthorizer(flags, options)
    : configuredAuthorizer(flags, options)
  notifyNotices(observer, ignoredNotices(flags.ignored))
  return authorizer
}

function configuredAuthorizer(flags: ParsedFlags, options: AuthorizerFromFlagsOptions): NodeAuthorizer {
  const path = flags.string(CONFIG)
  return path === '' ? authorizerOfModes(flags, options) : authorizerInFile(path, flags, options)
}

function authorizerInFile(
  path: string,
  flags: ParsedFlags,
  options: AuthorizerFromFlagsOptions,
): NodeAuthorizer {
  const parts = opener()
  const shared = sharedOf(options)
  const { rbac } = options
  // If unusable, it is reported once, and not again as missing.
  const roles = rbac === undefined ? undefined : (rolesOf(rbac, parts, shared) ?? alwaysDeny())
  const found = [...flags.problems, ...configurationProblems(flags)]
  const authorizer = parts.openFile(`--${CONFIG}`, () =>
    authorizationConfigurationAt(path, {
      ...shared,
      kubernetesVersion: flags.release(),
      ...defined({ rbac: roles }),
    }),
  )
  const problems = [...found, ...parts.problems]
  if (authorizer === undefined || problems.length > 0) {
    parts.close()
    throw new ConfigurationError(problems)
  }
  const { name, authorize, rulesFor } = authorizer
  return closeable({ name, authorize, rulesFor }, () => parts.close())
}

const CONFIG = 'authorization-config'

function rolesOf(
  rbac: NonNullable<AuthorizerFromFlagsOptions['rbac']>,
  parts: Opener,
  shared: ReturnType<typeof sharedOf>,
): Authorizer | undefined {
  return typeof rbac === 'object' && isAuthorizer(rbac)
    ? rbac
    : parts.openFile('rbac', () => rbacAt(rbac, shared))
}

function authorizerOfModes(flags: ParsedFlags, options: AuthorizerFromFlagsOptions): NodeAuthorizer {
  const parts = opener()
  const shared = sharedOf(options)
  const { rbac } = options
  const makers: Readonly<Record<string, () => Authorizer | undefined>> = {
    AlwaysAllow: alwaysAllow,
    AlwaysDeny: alwaysDeny,
    RBAC: () => (rbac === undefined ? undefined : rolesOf(rbac, parts, shared)),
    Webhook: () => {
      const path = flags.string('authorization-webhook-config-file')
      if (path === '') return undefined
      return parts.openFile(`--${WEBHOOK}`, () =>
        webhookAuthorizerAt(path, { ...webhookOptions(flags), ...shared }),
      )
    },
  }
  const modes = flags.list(MODE)
  const members = [...new Set(modes)].flatMap((mode) => {
    const authorizer = Object.hasOwn(makers, mode) ? makers[mode]?.() : undefined
    return authorizer === undefined ? [] : [{ authorizer, name: NAMES[mode] ?? mode.toLowerCase() }]
  })
  const problems: readonly ConfigurationProblem[] = [
    ...flags.problems,
    ...addedProblems((add) => authorizationProblems(flags, options, add)),
    ...(rbac !== undefined && !modes.includes('RBAC')
      ? [{ path: 'rbac', message: 'has no effect without the mode RBAC' }]
      : []),
    ...parts.problems,
  ]
  if (problems.length > 0) {
    parts.close()
    throw new ConfigurationError(problems)
  }
  const first = { authorizer: privilegedGroups(MASTERS_GROUP) }
  return closeable({ ...namedUnion([first, ...members], flags.release()) }, () => parts.close())
}

/** The names of the authorizers of modes, if they are not those of the modes. */
const NAMES: Readonly<Record<string, string>> = { Webhook: 'default' }

function webhookOptions(flags: ParsedFlags) {
  return {
    version: flags.version('authorization-webhook-version'),
    allowedTtlSeconds: nonNegativeSeconds(flags, 'authorization-webhook-cache-authorized-ttl'),
    deniedTtlSeconds: nonNegativeSeconds(flags, 'authorization-webhook-cache-unauthorized-ttl'),
  }
}

const MODE = 'authorization-mode'
const WEBHOOK = 'authorization-webhook-config-file'
const MODES: readonly string[] = ['AlwaysAllow', 'AlwaysDeny', 'RBAC', 'Webhook']

/**
 * Adds problems of the modes.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authorization.go` Validate.
 */
function authorizationProblems(
  flags: ParsedFlags,
  { rbac }: AuthorizerFromFlagsOptions,
  add: AddProblem,
): void {
  const modes = flags.list(MODE)
  if (modes.length === 0) add(MODE, `at least one ${MODE} must be passed, of ${MODES.join(', ')}`)
  for (const mode of new Set(modes)) {
    if (Object.hasOwn(REFUSED_MODES, mode)) add(MODE, REFUSED_MODES[mode] ?? '')
  }
  modeProblems(flags, add)
  const webhook = flags.string(WEBHOOK)
  if (modes.includes('Webhook') && webhook === '') {
    add(WEBHOOK, `${MODE} Webhook's authorization config file not passed`)
  }
  if (!modes.includes('Webhook') && webhook !== '') {
    add(WEBHOOK, `cannot specify --${WEBHOOK} without mode Webhook`)
  }
  if (modes.includes('RBAC') && rbac === undefined) {
    add(
      MODE,
      'the mode RBAC needs the manifests of roles and bindings, which a kube-apiserver has in its store: set the option rbac to a file or a folder',
    )
  }
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
function configurationProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  if (!flags.isGiven(...LEGACY)) return []
  const message =
    '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined'
  return [{ path: '--authorization-config', message }]
}

/** Adds modes that kube-apiserver rejects, whether they are supported here or not. */
export function modeProblems(flags: ParsedFlags, add: AddProblem): void {
  const modes = flags.list(MODE)
  const distinct = new Set(modes)
  for (const mode of distinct) {
    const isKnown = MODES.includes(mode) || Object.hasOwn(REFUSED_MODES, mode)
    if (!isKnown) add(MODE, `${MODE} ${quoted(mode)} is not a valid mode`)
  }
  if (distinct.size < modes.length) {
    add(MODE, `${MODE} [${modes.map(quoted).join(' ')}] has mode specified more than once`)
  }
}
