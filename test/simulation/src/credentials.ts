import { createHash } from 'node:crypto'
import { type Authentication, type TokenAuthenticator, userInfo, type UserInfo } from '@kube-authn/core'
import { storeNow } from '@kube-authn/store/internal'
import type { Random } from './random.ts'
import type { Process } from './replica.ts'

/** A token of a user. */
export interface Credential {
  readonly token: string
  readonly sha256: string
  readonly id: string
  readonly session: string
  readonly user: UserInfo
  /** When it was issued, truly and as it says. */
  readonly trulyMs: number
  readonly issuedAtMs: number
}

/** Who has which tokens. */
export interface Credentials {
  readonly all: readonly Credential[]
  readonly users: readonly string[]
  readonly authenticator: TokenAuthenticator
  /** Issues a token as `kube-authn serve` does: by the time that its process believes to be, after the store was asked for the account. The oldest is forgotten. */
  issue(process: Process, trueMs: () => number): Promise<void>
}

const USERS = ['ann', 'bob', 'cyn', 'dan']
const MOST = 16
const ID_KEY = 'authentication.kubernetes.io/credential-id'
/** The attribute that names a session. */
export const SESSION_KEY = 'example.com/session'

/** No token has been issued. */
export function credentials(random: Random): Credentials {
  const all: Credential[] = []
  let count = 0
  return {
    all,
    users: USERS,
    authenticator: {
      name: 'tokens',
      authenticateToken(token): Authentication | undefined {
        const found = all.find((each) => each.token === token)
        return found && { user: found.user, issuedAtMs: found.issuedAtMs }
      },
    },
    async issue({ store }, trueMs) {
      await store.revision()
      const token = `token-${++count}`
      const [id, session] = [`JTI=${count}`, `session-${Math.ceil(count / 3)}`]
      const extra = { [ID_KEY]: [id], [SESSION_KEY]: [session] }
      const issued: Credential = {
        token,
        sha256: createHash('sha256').update(token).digest('hex'),
        id,
        session,
        user: userInfo({ username: random.pick(USERS), extra }),
        trulyMs: trueMs(),
        // `iat` has whole seconds.
        issuedAtMs: Math.floor(storeNow(store) / 1000) * 1000,
      }
      all.push(issued)
      if (all.length > MOST) all.splice(0, all.length - MOST)
    },
  }
}
