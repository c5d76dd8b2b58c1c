import type { UserInfo } from '@kube-authn/core'
import { authenticatorFromFlags } from '@kube-authn/node/flags'
import type { NodeAuthenticator } from '@kube-authn/node'
import { type Policies, policiesOf } from './policies.ts'
import type { Reference, SharedSetup } from './reference.ts'

/** Both sides. */
export interface Sides {
  readonly reference: Reference
  readonly policies: Policies
  readonly shared: SharedSetup
  /** Ours, with the same flags. */
  readonly authenticator: NodeAuthenticator
}

export async function sidesOf(reference: Reference, shared: SharedSetup): Promise<Sides> {
  const authenticator = await authenticatorFromFlags(shared.flags, { log: false })
  return { reference, policies: await policiesOf(reference), shared, authenticator }
}

/** `UserInfo` with every field, in the JSON of a review. */
export function userIn(body: string): UserInfo | undefined {
  const review = JSON.parse(body) as { readonly status?: { readonly userInfo?: Partial<UserInfo> } }
  const user = review.status?.userInfo
  return user && { username: '', uid: '', groups: [], extra: {}, ...user }
}
