import type { Clock, Log } from '@kube-authn/core'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import type { NodeAuthenticator, NodeAuthorizer } from '@kube-authn/node'
import {
  auditFromFlags,
  authenticatorFromFlags,
  authorizerFromFlags,
  type NodeAudit,
} from '@kube-authn/node/flags'
import type { OwnAuthority } from './material/own-authority.ts'
import type { ServeSettings } from './settings.ts'
import type { OpenedStore } from '../../open-store/open-store.ts'

/** What decides about requests besides the flags. */
export interface AccessParts {
  readonly authority: OwnAuthority
  /** The files with the keys that verify tokens; empty if a signer outside has them. */
  readonly keyFiles: readonly string[]
  /** Roles, and what credentials refer to. */
  readonly stored: OpenedStore
  readonly log: Log
  /** That of the store: all replicas agree on when a credential is over. */
  readonly clock: Clock
}

/** Anonymous requests, where nothing else is said: enough for a probe. */
const HEALTH_ONLY = {
  enabled: true,
  conditions: [{ path: '/healthz' }, { path: '/livez' }, { path: '/readyz' }],
} as const

/**
 * The authenticator of the flags. A client certificate of the own CA is accepted, also if `--client-ca-file` names another CA: it is that of the
 * kubeconfig in the data folder.
 *
 * Deviation: anonymous requests are limited to health paths by default, and the own CA is accepted (`docs/deviations.md`, anonymous in serve; own CA).
 *
 * @throws {ConfigurationError} with every problem of the flags and their files.
 */
export function openAuthenticator(
  { authenticationFlags, authorizationFlags, clientCAFile, serviceAccounts }: ServeSettings,
  { authority, keyFiles, stored, log, clock }: AccessParts,
): Promise<NodeAuthenticator> {
  const flags = [
    `--client-ca-file=${clientCAFile ?? authority.certFile}`,
    ...serviceAccounts.issuers.map((issuer) => `--service-account-issuer=${issuer}`),
    ...keyFiles.map((file) => `--service-account-key-file=${file}`),
    // The default of --anonymous-auth depends on it.
    ...authorizationFlags,
    ...authenticationFlags,
  ]
  return authenticatorFromFlags(flags, {
    serviceAccountObjects: stored.serviceAccounts,
    bootstrapTokens: stored.bootstrapTokens,
    revocations: stored.revocations,
    anonymous: HEALTH_ONLY,
    ...(clientCAFile !== undefined && {
      requests: [clientCertificate({ ca: authority.pem, clock })],
    }),
    log,
    clock,
  })
}

/** The authorizer of the flags. @throws {ConfigurationError} with every problem of the flags and their files. */
export function openAuthorizer(
  { authorizationFlags }: ServeSettings,
  { stored }: Pick<AccessParts, 'stored'>,
): Promise<NodeAuthorizer> {
  return authorizerFromFlags(authorizationFlags, usesRoles(authorizationFlags) ? { rbac: stored.rbac } : {})
}

/** An authorizer without the mode RBAC would refuse the roles as useless. A file may name RBAC. */
function usesRoles(flags: readonly string[]): boolean {
  return flags.some(
    (flag) => flag.startsWith('--authorization-config=') || /^--authorization-mode=.*RBAC/.test(flag),
  )
}

/** The audit log of the flags. @throws {ConfigurationError} with every problem of the flags and their files. */
export function openAudit({ auditFlags }: ServeSettings): Promise<NodeAudit> {
  return auditFromFlags(auditFlags)
}
