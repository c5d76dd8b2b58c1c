import type { KeystoneDomain } from './client.ts'

/** What somebody typed as a name, as Keystone is asked about it. */
export interface TypedName {
  readonly name: string
  readonly domain: KeystoneDomain
}

/** Longer names are not stored: 255 characters for the user, as many for the domain. */
const MAX_NAME_LENGTH = 511
/** `[identity] max_password_length`. */
const MAX_PASSWORD_LENGTH = 4096

/**
 * Whom a name means: with `userAtDomain`, what is behind the last `@` is the name of a domain. `undefined` when it can be nobody,
 * and is not sent.
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

/** Whether it can be a password. An empty one is none, as it was for Kubernetes 1.6. */
export function isPassword(typed: string): boolean {
  return isSendable(typed, MAX_PASSWORD_LENGTH)
}

/** Keystone breaks off on text that is no Unicode, and its hashes on U+0000. */
function isSendable(text: string, maxLength: number): boolean {
  return text !== '' && text.length <= maxLength && text.isWellFormed() && !text.includes('\0')
}
