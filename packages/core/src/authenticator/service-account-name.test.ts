import { expect, it } from 'vitest'
import { serviceAccountGroups, serviceAccountNamed, serviceAccountUsername } from './service-account-name.ts'

const dots = `${'a.'.repeat(126)}a`

it.each([
  ['a', 'b'],
  ['kube-system', 'token-cleaner'],
  ['0', '9.a-b.c'],
  ['n'.repeat(63), dots],
])('the service account %s/%s has a user name and groups', (namespace, name) => {
  const username = serviceAccountUsername(namespace, name)
  expect(username).toBe(`system:serviceaccount:${namespace}:${name}`)
  expect(serviceAccountNamed(username)).toEqual({ namespace, name })
  expect(serviceAccountGroups(namespace)).toEqual([
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
  ])
})

it.each([
  '',
  'a:b',
  'system:serviceaccount:',
  'system:serviceaccount:a',
  'system:serviceaccount:a:',
  'system:serviceaccount::b',
  'system:serviceaccount:a:b:',
  'system:serviceaccount:a:b:c',
  'xsystem:serviceaccount:a:b',
  'system:serviceaccount:A:b',
  'system:serviceaccount:a:B',
  'system:serviceaccount:a.b:c',
  'system:serviceaccount:-a:b',
  'system:serviceaccount:a-:b',
  'system:serviceaccount:a:-b',
  'system:serviceaccount:a:b-',
  'system:serviceaccount:a:b.',
  'system:serviceaccount:a:.b',
  'system:serviceaccount:a:b..c',
  'system:serviceaccount:a:b.-c',
  'system:serviceaccount:a:bxc\n',
  'system:serviceaccount: a:b',
  `system:serviceaccount:${'n'.repeat(64)}:b`,
  `system:serviceaccount:a:${dots}a`,
])('%j is no service account', (username) => {
  expect(serviceAccountNamed(username)).toBeUndefined()
})
