import { expect, it } from 'vitest'
import { flagProblem, underFlag } from './flag-problems.ts'

it.each([
  ['kubeconfig', '--k'],
  ['kubeconfig.users[0]', '--k'],
  ['kubeconfig[0]', '--k'],
  ['kubeconfig: clusters[0].cluster.bogus', 'kubeconfig: clusters[0].cluster.bogus'],
  ['kubeconfigs', 'kubeconfigs'],
  ['other', 'other'],
])('a problem at %j is reported at %j', (path, shown) => {
  expect(underFlag([['kubeconfig', '--k']], { path, message: 'x' })).toEqual({ path: shown, message: 'x' })
})

it.each([
  ['serviceAccounts[1].issuer', '--service-account-issuer'],
  ['oidc.caFile', '--oidc-ca-file'],
  ['oidc.issuer', '--oidc-issuer-url'],
  ['requestHeader.extraHeaderPrefixes[0]', '--requestheader-extra-headers-prefix'],
])('a problem of authentication at %s is reported at %s', (path, flag) => {
  expect(flagProblem({ path, message: 'x' })).toEqual({ path: flag, message: 'x' })
})
