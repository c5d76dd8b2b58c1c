import type { KeystoneDomain } from './client.ts'

/** A name that a user typed, as it is sent to Keystone. */
export interface TypedName {
  readonly name: string
  readonly domain: KeystoneDomain
}

/** Keystone stores at most 255 characters for the user and 255 for the domain. */
const MAX_NAME_LENGTH = 511
/** `[identity] max_password_length`. */
const MAX_PASSWORD_LENGTH = 4096

/**
 * Splits a typed name: with `userAtDomain`, the part after the last `@` is the name of the domain. Returns `undefined` for a name that
 * no user can have; it is not sent.
 */
export function typedName(
  typed: string,
  domain: KeystoneDomain,
  userAtDomain: boolean,
): TypedName | undefined {
  if (!isSendable(typed, MAX_NAME_LENGTH)) return undefined
  const at = userAtDomain ? typed.lastIndexOf('@') : -1
  if (at === -1) return { name: typed, domain }
  const name = typed.slice(0, at)
  const domainName = typed.slice(at + 1)
  return name === '' || domainName === '' ? undefined : { name, domain: { name: domainName } }
}

/** Whether a string can be a password. An empty one cannot, as in Kubernetes 1.6. */
export function isPassword(typed: string): boolean {
  return isSendable(typed, MAX_PASSWORD_LENGTH)
}

/** Keystone fails on ill-formed Unicode, and its password hashes fail on U+0000. */
function isSendable(text: string, maxLength: number): boolean {
  return text !== '' && text.length <= maxLength && text.isWellFormed() && !text.includes('\0')
}
