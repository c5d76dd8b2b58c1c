import { memoryObjectStore } from '@kube-authn/store'
import { storedSessionsSuite } from '../../test/stored-sessions-suite.ts'

storedSessionsSuite((clock) => {
  const store = memoryObjectStore({ clock })
  const values = async (prefix: string) =>
    (await store.list(prefix)).objects.map(({ key, value }) => `${key} ${value}`)
  return { store, values }
})
