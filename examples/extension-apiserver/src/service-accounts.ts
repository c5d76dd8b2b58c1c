import { renameSync, writeFileSync } from 'node:fs'
import { createServiceAccounts, type ServiceAccounts } from '@kube-authn/testing'

/** The service accounts in the namespace `shop`: this app's, and a client's. The key is new on each run. */
export function shopAccounts(): Promise<ServiceAccounts> {
  return createServiceAccounts({
    serviceAccounts: [
      { namespace: 'shop', name: 'catalog', uid: '7d444840-9dc0-41d3-b245-5ffdce74fad2' },
      { namespace: 'shop', name: 'cart', uid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' },
    ],
  })
}

const LIFETIME_SECONDS = 3600

/** Writes a token of the app to a file, and renews it before it expires, as the kubelet does for a pod. */
export async function keepToken(accounts: ServiceAccounts, path: string): Promise<void> {
  const write = async (): Promise<void> => {
    const token = await accounts.token('shop', 'catalog', { expirationSeconds: LIFETIME_SECONDS })
    writeFileSync(`${path}.new`, token, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
  await write()
  setInterval(() => void write(), LIFETIME_SECONDS * 0.8 * 1000).unref()
}
