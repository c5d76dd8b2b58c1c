import { oidc } from '@kube-authn/core/oidc'
import type { RbacAuthorizer } from '@kube-authn/core/authorization'
import { createAuthenticator, type NodeAuthenticator, rbacAt } from '@kube-authn/node'
import { AUDIENCE, ISSUER, type IssuerFault, type IssuerModel } from './issuer-model.ts'
import { DISK, MOUNT } from './machine-disk.ts'
import type { Owner } from './timeline.ts'

export const TOKEN_FILE: string = `${DISK}/tokens.csv`

/** An app with files and an issuer. */
export interface App {
  readonly authenticator: NodeAuthenticator
  readonly roles: RbacAuthorizer
}

/** Begins one, as an app does. @throws {Error} if a file is missing or invalid. */
export function beginApp(owner: Owner, issuer: IssuerModel, fault: () => IssuerFault): App {
  const fetch = issuer.fetchFor(owner, fault)
  // Silent.
  const observer = (): void => {}
  const tokens = oidc({ issuer: ISSUER, audience: AUDIENCE, usernamePrefix: '', fetch, observer })
  return {
    authenticator: createAuthenticator({ tokenFile: TOKEN_FILE, tokens: [tokens], log: false }),
    roles: rbacAt(MOUNT, { observer }),
  }
}
