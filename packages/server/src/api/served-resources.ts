import type { TokenIssuer } from '@kube-authn/core/service-account'
import type { ActionSubresource, Resource } from '../registry/resource.ts'
import { credentialRevocations } from '../registry/resources/credential-revocations.ts'
import { allResources } from '../registry/resources/index.ts'
import { pods } from '../registry/resources/plain.ts'
import { serviceAccounts } from '../registry/resources/service-accounts.ts'
import { evictions } from './actions/eviction.ts'
import { tokenRequests } from './actions/token-request.ts'

/** What decides about the resources that are served. */
export interface ServedResourcesOptions {
  /** Issues the tokens of `/token`. Without it, there is no such path. */
  readonly tokenIssuer?: TokenIssuer
  /** Without it, objects that say what is revoked would revoke nothing, and are not served. */
  readonly revocations?: object
}

/** Every resource, with what can be asked of its objects. */
export function servedResources({ tokenIssuer, revocations }: ServedResourcesOptions): readonly Resource[] {
  const served = allResources.filter(
    (resource) => resource !== credentialRevocations || revocations !== undefined,
  )
  return served.map((resource) => {
    if (resource === pods) return withAction(resource, evictions)
    if (resource === serviceAccounts && tokenIssuer !== undefined) {
      return withAction(resource, tokenRequests(tokenIssuer))
    }
    return resource
  })
}

function withAction(resource: Resource, action: ActionSubresource): Resource {
  return { ...resource, subresources: [...(resource.subresources ?? []), action] }
}
