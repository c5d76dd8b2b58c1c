import type { Awaitable, Clock, KubernetesVersion, Observer } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { SigningKey } from '@kube-authn/issuer'
import type { AuthorityPem } from '../certificates/issue-certificate.ts'
import { SYSTEM_NAMESPACES } from '../registry/namespace-lifecycle.ts'
import type { Registry } from '../registry/registry.ts'
import { namespaces } from '../registry/resources/namespaces.ts'
import { bootstrapTokenController } from './bootstrap-token-cleaner/bootstrap-token-controller.ts'
import { csrApprover, csrSigner } from './certificates/csr-controllers.ts'
import { csrCleaner } from './certificates/csr-cleaner.ts'
import { clusterInfoController, clusterInfoPublisher } from './cluster-info/cluster-info.ts'
import { clusterRoleAggregation } from './cluster-role-aggregation/cluster-role-aggregation.ts'
import { expiryAudit } from './expiry-audit.ts'
import { legacyTokenController, tokenTracking } from './legacy-token-cleaner/legacy-token-cleaner.ts'
import type { ObjectController } from './object-controller.ts'
import { defaultServiceAccountController, rootCAPublisher } from './namespace-objects.ts'
import { tokenSecretsController } from './service-account-tokens/token-secrets-controller.ts'
import { nearestName } from '@kube-authn/core/internal'

/** What controllers are made of: options of `runControllers`, and what the loop gives them. */
export interface ControllerParts {
  readonly registry: Registry
  readonly clock: Clock
  /** Aborted when the controllers are closed. */
  readonly signal: AbortSignal
  /** Called with errors that do not end the look at an object. */
  readonly onError: (error: unknown, controller: string) => void
  readonly signingKey?: SigningKey
  readonly signingAuthority?: () => Awaitable<AuthorityPem>
  readonly signingDurationSeconds?: number
  readonly authorizer?: Authorizer
  readonly rootCA: string
  readonly createSecrets: boolean
  readonly clusterInfoKubeconfig?: string
  readonly recordsTokenUse?: boolean
  readonly kubernetesVersion?: KubernetesVersion
  readonly cleanUpPeriodSeconds?: number
  readonly audit?: Observer
}

/** A controller with a name in `--controllers`. */
export interface StandardController extends ControllerName {
  /** The option without which it cannot run. */
  readonly needs?: 'authorizer' | 'rootCA' | 'signingAuthority' | 'signingKey'
  /** `undefined` if it lacks what it needs. */
  make(parts: ControllerParts): ObjectController | undefined
}

export const STANDARD_CONTROLLERS: readonly StandardController[] = [
  {
    name: 'serviceaccount-token-controller',
    aliases: ['serviceaccount-token'],
    needs: 'signingKey',
    make: ({ signingKey: key, onError, ...parts }) =>
      key &&
      tokenSecretsController({
        ...parts,
        key,
        onError: (error) => onError(error, 'serviceaccount-token-controller'),
      }),
  },
  {
    name: 'serviceaccount-controller',
    aliases: ['serviceaccount'],
    make: ({ registry }) => defaultServiceAccountController(registry),
  },
  {
    name: 'root-ca-certificate-publisher-controller',
    aliases: ['root-ca-cert-publisher'],
    needs: 'rootCA',
    make: ({ registry, rootCA }) => (rootCA === '' ? undefined : rootCAPublisher(registry, rootCA)),
  },
  {
    name: 'clusterrole-aggregation-controller',
    aliases: ['clusterrole-aggregation'],
    make: ({ registry }) => clusterRoleAggregation(registry),
  },
  {
    name: 'certificatesigningrequest-approving-controller',
    aliases: ['csrapproving'],
    needs: 'authorizer',
    make: ({ registry, authorizer }) => authorizer && csrApprover({ registry, authorizer }),
  },
  {
    name: 'certificatesigningrequest-signing-controller',
    aliases: ['csrsigning'],
    needs: 'signingAuthority',
    make: ({ registry, clock, signingAuthority: authority, signingDurationSeconds: maxDurationSeconds }) =>
      authority &&
      csrSigner({
        registry,
        clock,
        authority,
        ...(maxDurationSeconds !== undefined && { maxDurationSeconds }),
      }),
  },
  {
    name: 'certificatesigningrequest-cleaner-controller',
    aliases: ['csrcleaner'],
    make: csrCleaner,
  },
  {
    name: 'legacy-serviceaccount-token-cleaner-controller',
    aliases: ['legacy-service-account-token-cleaner'],
    make: ({ onError, ...parts }) =>
      legacyTokenController({
        ...parts,
        onError: (error) => onError(error, 'legacy-serviceaccount-token-cleaner-controller'),
      }),
  },
  {
    name: 'bootstrap-signer-controller',
    aliases: ['bootstrapsigner'],
    isOnByDefault: false,
    make: ({ registry, clock }) => clusterInfoController(registry, clock),
  },
  {
    name: 'token-cleaner-controller',
    aliases: ['tokencleaner'],
    isOnByDefault: false,
    make: ({ registry, clock }) => bootstrapTokenController(registry, clock),
  },
]

/** The controllers that `--controllers` selects, and those that it does not name, as far as their options are given. */
export function selectedControllers(
  values: readonly string[],
  parts: ControllerParts,
): readonly ObjectController[] {
  const { registry, clock, clusterInfoKubeconfig, recordsTokenUse, audit } = parts
  return [
    ...STANDARD_CONTROLLERS.filter((each) => isSelected(each, values)).map((each) => each.make(parts)),
    systemNamespaces(registry),
    audit && expiryAudit(clock, audit),
    recordsTokenUse === true ? tokenTracking(registry, clock) : undefined,
    clusterInfoKubeconfig === undefined ? undefined : clusterInfoPublisher(registry, clusterInfoKubeconfig),
  ].filter((each) => each !== undefined)
}

/**
 * Creates the namespaces that every cluster has again, when one of them is gone.
 *
 * Source: kubernetes `pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go`, which looks once a minute.
 */
function systemNamespaces(registry: Registry): ObjectController {
  return {
    name: 'system-namespaces-controller',
    resources: [namespaces],
    concerns: ({ name }) => SYSTEM_NAMESPACES.includes(name),
    async reconcile(_, object) {
      if (object === undefined) await registry.createSystemNamespaces()
      return {}
    },
  }
}

/** The name of a controller, and how `--controllers` treats it. */
export interface ControllerName {
  /** That of kube-controller-manager. */
  readonly name: string
  /** Former names, back to 1.6. */
  readonly aliases: readonly string[]
  /** Whether `*` means it, too. Default `true`. */
  readonly isOnByDefault?: boolean
}

/**
 * What the values of `--controllers` select: `*` for all that are on by default, `name` for one more, `-name` for one less. The first value that names a controller
 * decides.
 *
 * Source: kubernetes `cmd/kube-controller-manager/app/controllermanager.go`; controller-manager `app/helper.go` IsControllerEnabled.
 */
export function isSelected(
  { name, aliases, isOnByDefault = true }: ControllerName,
  values: readonly string[],
): boolean {
  const names = new Set([name, ...aliases])
  for (const value of values) {
    if (names.has(value)) return true
    if (value.startsWith('-') && names.has(value.slice(1))) return false
  }
  return isOnByDefault && values.includes('*')
}

/** Whether a controller is named, so that it must be able to run. */
export function isNamed({ name, aliases }: ControllerName, values: readonly string[]): boolean {
  return [name, ...aliases].some((each) => values.includes(each))
}

/** What is wrong with the values of `--controllers`. */
export function controllersProblems(
  all: readonly ControllerName[],
  values: readonly string[],
): readonly string[] {
  const names = all.flatMap(({ name, aliases }) => [name, ...aliases])
  return values.flatMap((value) => {
    const name = value.startsWith('-') ? value.slice(1) : value
    if (value === '*' || names.includes(name)) return []
    const near = nearestName(name, names)
    const hint =
      near === undefined ? `they are ${all.map((each) => each.name).join(', ')}` : `did you mean ${near}?`
    return [`${JSON.stringify(value.slice(0, 100))} is no controller: ${hint}`]
  })
}
