import type { SeenSecret } from './check-secret.ts'

/** Token secrets by the service account that they name: what is needed to go on when one of them is gone. */
export interface TokenSecretIndex {
  add(secret: SeenSecret): void
  remove(namespace: string, name: string): void
  /** The secret as it was last seen; `undefined` if it is none, or was never seen. */
  get(namespace: string, name: string): SeenSecret | undefined
  /** The secrets that name a service account. */
  of(namespace: string, accountName: string): Iterable<SeenSecret>
  /** Whether a secret names this service account. */
  hasAny(namespace: string, accountName: string): boolean
}

/** An index that is empty at first. */
export function tokenSecretIndex(): TokenSecretIndex {
  const secrets = new Map<string, SeenSecret>()
  const byAccount = new Map<string, Map<string, SeenSecret>>()

  const remove = (namespace: string, name: string): void => {
    const id = idOf(namespace, name)
    const seen = secrets.get(id)
    if (seen === undefined) return
    secrets.delete(id)
    const account = idOf(namespace, seen.accountName)
    const others = byAccount.get(account)
    others?.delete(id)
    if (others?.size === 0) byAccount.delete(account)
  }

  return {
    add(secret) {
      const { namespace, name, accountName } = secret
      remove(namespace, name)
      const id = idOf(namespace, name)
      const account = idOf(namespace, accountName)
      const ofAccount = byAccount.get(account) ?? new Map<string, SeenSecret>()
      byAccount.set(account, ofAccount.set(id, secret))
      secrets.set(id, secret)
    },
    remove,
    get: (namespace, name) => secrets.get(idOf(namespace, name)),
    of: (namespace, accountName) => [...(byAccount.get(idOf(namespace, accountName))?.values() ?? [])],
    hasAny: (namespace, accountName) => byAccount.has(idOf(namespace, accountName)),
  }
}

/** A namespace contains no slash. */
function idOf(namespace: string, name: string): string {
  return `${namespace}/${name}`
}
