import type { Authentication } from '../../authenticator/authenticator.ts'
import type { Context } from '../../authenticator/context.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import { isEqualInConstantTime } from '../../internal/compare.ts'
import { UserTable } from '../../internal/csv/user-table.ts'
import { DigestList } from '../../internal/table/digest-list.ts'
import { RowTable } from '../../internal/table/row-table.ts'
import type { PasswordVerifier } from './hashed-password.ts'

/** A user of a password file. */
interface TableUser {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
}

/** The users of a password file with their passwords. A check takes as long for an unknown user as for a known one. */
export class PasswordTable {
  readonly #digest: (text: string) => string
  readonly #users = new UserTable()
  readonly #rows = new RowTable((row, name) => this.#users.isNamed(row, name))
  /** The digests of plain text passwords, by row. */
  readonly #digests = new DigestList()
  readonly #verifiers = new Map<number, PasswordVerifier>()

  constructor(digest: (text: string) => string) {
    this.#digest = digest
  }

  has(username: string): boolean {
    return this.#rows.get(username) !== undefined
  }

  /** Adds a user, or replaces the one of this name. @param password in plain text, or how it is checked. */
  add({ username, uid, groups }: TableUser, password: string | PasswordVerifier): void {
    const row = this.#users.add(username, uid, groups)
    if (typeof password === 'string') this.#digests.add(this.#digest(password))
    else {
      this.#verifiers.set(row, password)
      this.#digests.add(NO_DIGEST)
    }
    this.#rows.set(username, row)
  }

  /** To be called after the last user. */
  close(): void {
    this.#users.close()
  }

  /** The user if the password is right. @param isAllowed whether the password may be right at all. */
  check(
    username: string,
    password: string,
    isAllowed: boolean,
    context: Context,
  ): Awaitable<Authentication | undefined> {
    if (this.#digests.length === 0) return undefined
    const known = this.#rows.get(username)
    const answer = (isRight: boolean): Authentication | undefined =>
      isRight && isAllowed && known !== undefined ? this.#users.at(known) : undefined
    // An unknown user is checked against some row, to take the same time: always the same row for the same name.
    const another = this.#rows.hashOf(username) % this.#digests.length
    const row = known ?? another
    const verify = this.#verifiers.get(row)
    return verify === undefined
      ? answer(isEqualInConstantTime(this.#digest(password), this.#digests.at(row)))
      : andThen(verify(password, { username, isKnown: known !== undefined, context }), answer)
  }
}

/** Stored for hashed passwords, which have no digest. */
const NO_DIGEST = '\0'.repeat(32)
