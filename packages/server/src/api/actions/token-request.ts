import type { TokenIssuer } from '@kube-authn/issuer'
import type { ActionSubresource } from '../../registry/resource.ts'
import { requireKind } from './require-kind.ts'

/**
 * `/token` of service accounts. As in Kubernetes, a dry run gets a token too: nothing is stored for one.
 *
 * Source: kubernetes `pkg/registry/core/serviceaccount/storage/token.go`.
 */
export function tokenRequests(issuer: TokenIssuer): ActionSubresource {
  return {
    type: 'action',
    name: 'token',
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenRequest',
    async act({ namespace, name, value, caller }) {
      requireKind(value, 'authentication.k8s.io', ['v1'], 'TokenRequest')
      return issuer.issue({ namespace, name }, value, caller?.context)
    },
  }
}
