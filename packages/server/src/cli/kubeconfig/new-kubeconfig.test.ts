import { yamlDocument } from '@kube-authn/core/internal'
import { expect, it } from 'vitest'
import { withEntries } from './entries.ts'
import { newKubeconfig } from './new-kubeconfig.ts'

const entriesWith = (server: string, name = 'kube-authn') =>
  [
    {
      list: 'clusters',
      name,
      field: 'cluster',
      value: { server, 'certificate-authority-data': 'LS0tLS1C/+==' },
    },
    { list: 'users', name: 'admin', field: 'user', value: { 'client-key-data': 'LS0tLS1CRUdJTg==' } },
    { list: 'contexts', name, field: 'context', value: { cluster: name, user: 'admin' } },
  ] as const

it.each(['https://127.0.0.1:6443', 'https://[::1]:6443', 'https://api.example.com:443'])(
  'it is what is added to an empty kubeconfig, for %s',
  (server) => {
    const entries = entriesWith(server)
    expect(newKubeconfig(entries, 'kube-authn')).toBe(withEntries('', 'admin.conf', entries, 'kube-authn'))
  },
)

it.each([
  'yes',
  'NULL',
  '1',
  '1e3',
  '0x1f',
  '~',
  '',
  'a b',
  'a: b',
  'a #b',
  "it's",
  '"',
  '\n',
  '- a',
  'ü',
  '__proto__',
  '2026-01-01',
])('a string stays a string: %j', (name) => {
  const text = newKubeconfig(entriesWith('https://a', name), name)
  expect(yamlDocument(text, 'admin.conf')).toMatchObject({
    'current-context': name,
    clusters: [{ name }],
    contexts: [{ context: { cluster: name } }],
  })
})
