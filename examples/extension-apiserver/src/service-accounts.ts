import { renameSync, writeFileSync } from 'node:fs'
import { createServiceAccounts, type ServiceAccounts } from '@kube-authn/testing'

/** The accounts of programs in the namespace `shop`: of this app, and of one that asks it. The key is made anew on each run. */
export function shopAccounts(): Promise<ServiceAccounts> {
  return createServiceAccounts({
    serviceAccounts: [
      { namespace: 'shop', name: 'catalog', uid: '7d444840-9dc0-41d3-b245-5ffdce74fad2' },
      { namespace: 'shop', name: 'cart', uid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' },
    ],
  })
}

const LIFETIME_SECONDS = 3600

/** Keeps a token of the app in a file, a fresh one in good time, as the kubelet does for a pod. */
export async function keepToken(accounts: ServiceAccounts, path: string): Promise<void> {
  const write = async (): Promise<void> => {
    const token = await accounts.token('shop', 'catalog', { expirationSeconds: LIFETIME_SECONDS })
    writeFileSync(`${path}.new`, token, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
  await write()
  setInterval(() => void write(), LIFETIME_SECONDS * 0.8 * 1000).unref()
}
