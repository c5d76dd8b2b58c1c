import { rejected } from '@kube-authn/core'
import { base64urlOf, without } from '@kube-authn/core/internal/shared'
import type { Lifetimes } from './lifetimes.ts'
import type { Session, SessionContent } from './session-keeper.ts'
import { sha256Hex } from './sha256.ts'

const ID_BYTES = 32

/** A session that begins now, with an id that was never used. */
export async function newSession(content: SessionContent, lifetimes: Lifetimes): Promise<Session> {
  const id = base64urlOf(crypto.getRandomValues(new Uint8Array(ID_BYTES)))
  return { id, digest: await sha256Hex(id), content, version: 0, ...lifetimes.begin() }
}

/**
 * The content after a refresh, which stays bound to what the login was bound to: the certificate, and the provider's session, which a refreshed token need not name.
 *
 * Source: OpenID Connect Core section 12.2.
 *
 * @throws {AuthenticationError} `rejected` if it is of another user of the provider.
 */
export function continued(before: SessionContent, content: SessionContent): SessionContent {
  if (content.provider !== before.provider || content.subject !== before.subject) {
    throw rejected('the refreshed token is of another user than the session')
  }
  const { providerSession = before.providerSession } = content
  return {
    ...without(content, 'certificate'),
    ...(providerSession !== undefined && { providerSession }),
    ...(before.certificate !== undefined && { certificate: before.certificate }),
  }
}
